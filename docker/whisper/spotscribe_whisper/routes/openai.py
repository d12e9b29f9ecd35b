"""OpenAI's transcription API: transcriptions, translations, models."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from spotscribe_audio.requests.openapi import AUDIO_ERRORS, form_schema
from spotscribe_common.contract import Result, TranscribeEvent, Transcript
from spotscribe_common.errors import UnsupportedMediaError
from spotscribe_common.http.event_stream import EventStream
from spotscribe_common.http.server_sent import KEEP_ALIVE, SSE
from spotscribe_common.receiving.body import MULTIPART, Accepted, Body
from spotscribe_common.requests.bodies import uploaded
from spotscribe_common.work.job import Job, result_of
from spotscribe_whisper.formats import openai as shapes
from spotscribe_whisper.formats.subtitles import srt, vtt
from spotscribe_whisper.model_names import ALIASES, check_model
from spotscribe_whisper.routes.intake import Source, start_job
from spotscribe_whisper.routes.openai_events import OpenAiEvents
from spotscribe_whisper.routes.openai_form import TranscriptionForm
from spotscribe_whisper.routes.translation_form import TranslationForm
from spotscribe_whisper.service import TranscriptionService

_SUBTITLES = {"srt": "application/x-subrip; charset=utf-8", "vtt": "text/vtt; charset=utf-8"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **AUDIO_ERRORS,
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in ("text/plain", "text/vtt", SSE)}},
}
Form = TypeVar("Form", bound=TranslationForm)


def openai_routes(service: TranscriptionService) -> APIRouter:
    """The routes that OpenAI's clients call, under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])
    began = int(time.time())

    async def started(request: Request, model: type[Form]) -> tuple[Job[TranscribeEvent], Form, float]:
        forms: list[Form] = []

        async def read(body: Body, _: AsyncExitStack) -> Source:
            if body.form is None:
                raise UnsupportedMediaError(f"Send {accepted.kinds}.")
            file, form = await uploaded(body.form, model)
            forms.append(form)
            options = form.options(service.engine.model)
            return Source(file, options, references=form.take_references())

        accepted = Accepted(form=service.settings.max_upload_bytes, text=model.text_bytes)
        job, seconds = await start_job(request, service, accepted, read)
        return job, forms[0], seconds

    @router.post(
        "/audio/transcriptions",
        response_model=shapes.Answer | shapes.VerboseAnswer | shapes.DiarizedAnswer,
        responses=_ANSWERS,
        openapi_extra=_body(TranscriptionForm),
    )
    async def transcriptions(request: Request) -> Response:
        """Transcribes a file in the language that is spoken."""
        job, form, seconds = await started(request, TranscriptionForm)
        if form.stream:
            events = OpenAiEvents(
                diarized=form.response_format == "diarized_json", languages=form.tells_languages()
            )
            return _measured(EventStream(job, SSE, events.encode, keep_alive=KEEP_ALIVE), seconds)
        transcript = (await result_of(request, job, Result)).transcript
        granularities = form.timestamp_granularities
        return _measured(await asyncio.to_thread(_answer, service, transcript, form, granularities), seconds)

    @router.post(
        "/audio/translations",
        response_model=shapes.Answer | shapes.VerboseAnswer,
        responses=_ANSWERS,
        openapi_extra=_body(TranslationForm),
    )
    async def translations(request: Request) -> Response:
        """Transcribes a file into English, whatever is spoken."""
        job, form, seconds = await started(request, TranslationForm)
        transcript = (await result_of(request, job, Result)).transcript
        return _measured(await asyncio.to_thread(_answer, service, transcript, form, ()), seconds)

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The loaded model and the names under which it is known."""
        return {"object": "list", "data": [_model(name, began) for name in (service.engine.model, *ALIASES)]}

    @router.get("/models/{name:path}", responses={"4XX": AUDIO_ERRORS[404]})
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        check_model(name, service.engine.model)
        return _model(name, began)

    return router


def _answer(
    service: TranscriptionService, transcript: Transcript, form: TranslationForm, granularities: Any
) -> Response:
    """The answer in the wanted format. Called in a thread: the subtitles of ten hours take seconds."""
    missing = ", ".join(dict.fromkeys(loss.stage for loss in transcript.degraded))
    # Texts and subtitles have no room for it: the header has, for all formats alike.
    headers = {"X-Spotscribe-Degraded": missing} if missing else None
    match form.response_format:
        case "text":
            return Response(shapes.text(transcript), media_type="text/plain; charset=utf-8", headers=headers)
        case "srt" | "vtt" as kind:
            render = srt if kind == "srt" else vtt
            return Response(render(transcript, form.layout()), media_type=_SUBTITLES[kind], headers=headers)
        case "verbose_json":
            body: shapes.Answer = shapes.verbose(
                transcript,
                service.engine.languages(),
                service.engine.tokens,
                temperature=form.temperature,
                granularities=granularities,
            )
        case "diarized_json":
            body = shapes.diarized(transcript)
        case "json":
            body = shapes.plain(transcript, languages=form.tells_languages())
    return Response(body.to_json(), media_type="application/json", headers=headers)


def _measured(answer: Response, seconds: float) -> Response:
    """The answer with the length of its audio, for who counts what callers use: not every format tells it."""
    answer.headers["X-Spotscribe-Audio-Seconds"] = f"{seconds:.3f}"
    return answer


def _body(model: type[TranslationForm]) -> dict[str, Any]:
    schema = form_schema(model, lists="{name}[]")
    return {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "spotscribe"}
