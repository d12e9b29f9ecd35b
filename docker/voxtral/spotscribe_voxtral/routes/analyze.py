"""`POST /analyze`: a file in the request, or one on the shared volume."""

import json
from contextlib import AsyncExitStack
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spotscribe_audio.language.languages import chosen_language, is_language, language_name
from spotscribe_audio.requests.openapi import AUDIO_ERRORS, form_schema
from spotscribe_common.contract import (
    ANALYSIS_TASKS,
    LANGUAGE_CHARACTERS,
    MOST_QUESTIONS,
    Analysis,
    AnalysisOptions,
    AnalysisResult,
    AnalysisTask,
    AnalyzeEvent,
    AnalyzeRequest,
    TrackNumber,
)
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.http.event_stream import NDJSON, event_lines
from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.http.openapi import whole_schema
from spotscribe_common.quoting import quoted
from spotscribe_common.receiving.body import JSON, MULTIPART, Accepted, Body
from spotscribe_common.requests.bodies import json_body, uploaded
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_common.work.job import result_of
from spotscribe_voxtral.analysis.analysis import AnalysisOrder
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.routes.intake import Source, start_job
from spotscribe_voxtral.schemas.reading import LIMITS, read_schema
from spotscribe_voxtral.service import VoxtralService

# What an interrupted attempt found (the worker sends up to 16 MiB), questions, a schema, and the path.
_JSON_BYTES = 24 << 20


def _split(names: object) -> object:
    """A form's list may come in one field, with commas."""
    if not isinstance(names, list):
        return names
    return [name.strip() for entry in names for name in str(entry).split(",") if name.strip()]


class AnalyzeForm(BaseModel):
    """The fields of an upload beside its `file`."""

    model_config = ConfigDict(extra="forbid")
    tasks: Annotated[list[AnalysisTask], BeforeValidator(_split)] = Field(
        default_factory=list,
        max_length=len(ANALYSIS_TASKS),
        description="Once for each, or with commas. Without tasks, questions and a schema: all tasks but "
        "chapters and highlights.",
    )
    questions: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list, max_length=MOST_QUESTIONS, description="Your own, once for each."
    )
    language: str | None = Field(
        default=None, max_length=LANGUAGE_CHARACTERS, description="Spoken language, such as `en` or `German`."
    )
    own_schema: str | None = Field(
        default=None,
        alias="schema",
        max_length=int(LIMITS["bytes"]),
        description="Your own JSON schema, of an object, as JSON.",
    )
    track: TrackNumber | None = None
    max_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


def analyze_routes(service: VoxtralService) -> APIRouter:
    """What the worker calls for a job's analysis."""
    router = APIRouter(tags=["Spotscribe"])

    @router.post(
        "/analyze",
        response_model=Analysis,
        responses={
            **AUDIO_ERRORS,
            200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
            403: {"model": ErrorBody, "description": "`path` leads outside the shared folder."},
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    JSON: {"schema": whole_schema(AnalyzeRequest)},
                    MULTIPART: {"schema": form_schema(AnalyzeForm)},
                },
            }
        },
    )
    async def analyze(request: Request) -> Response:
        """Understands an uploaded file, or one on the shared volume, of any length.

        With `Accept: application/x-ndjson` the answer is a stream of events, a line of JSON each: windows
        that have been listened to, and at last the result. An empty line says that the work goes on.
        """

        async def read(body: Body, opened: AsyncExitStack) -> Source[AnalyzeEvent]:
            file, order, max_seconds = await _read(body, service, opened)
            return Source(
                file,
                max_seconds,
                order.asked.track,
                lambda pcm, held: service.analyze(pcm, order, held.pop_all()),
            )

        accepted = Accepted(json=_JSON_BYTES, form=service.settings.max_upload_bytes)
        job = await start_job(request, service, accepted, read)
        if NDJSON in request.headers.get("accept", ""):
            return event_lines(job)
        result = await result_of(request, job, AnalysisResult)
        return Response(result.analysis.to_json(), media_type="application/json")

    return router


async def _read(
    body: Body, service: VoxtralService, opened: AsyncExitStack
) -> tuple[BinaryIO, AnalysisOrder, float | None]:
    """The media, what is to be found out, and the caller's own cap in seconds."""
    if body.form is not None:
        upload, form = await uploaded(body.form, AnalyzeForm)
        schema = None if form.own_schema is None else _object(form.own_schema)
        _check(schema)
        chosen = AnalysisOptions(
            tasks=form.tasks or None,
            questions=form.questions,
            schema=schema,
            language=form.language,
            track=form.track,
        )
        return upload, AnalysisOrder(_with_code(chosen, service.engine)), form.max_seconds
    asked = await json_body(body, AnalyzeRequest)
    _check(asked.own_schema)
    file = opened.enter_context(open_shared(service.settings.shared_audio, asked.path))
    return file, AnalysisOrder(_with_code(asked, service.engine), asked.earlier), asked.max_seconds


def _with_code(asked: AnalysisOptions, engine: Engine) -> AnalysisOptions:
    """The choices with the language by its code; `auto` counts as none.

    Raises:
        InvalidRequestError: the language is unknown, or the engine does not understand it.
    """
    code = chosen_language(asked.language)
    if code is not None and not is_language(code):
        raise InvalidRequestError(
            f"language: {quoted(code)} is not known here. Give a code such as 'en', or leave it out.",
            param="language",
        )
    if code is not None and engine.only_language not in {None, code}:
        raise InvalidRequestError(
            f"language: the model {engine.model} knows {language_name(engine.only_language or '')} only. Use "
            "the engine voxtral.",
            param="language",
        )
    return asked.model_copy(update={"language": code})


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequestError(
            "schema is not JSON. Send the JSON schema as text.", param="schema"
        ) from None


def _check(schema: object) -> None:
    """Refuses a schema before any audio is decoded."""
    if schema is not None:
        read_schema(schema, "schema")
