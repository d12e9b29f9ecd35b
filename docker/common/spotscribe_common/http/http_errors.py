"""Answers every failure in OpenAI's shape of error body."""

import logging
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from spotscribe_common.contract import JobError
from spotscribe_common.errors import (
    ErrorCode,
    InternalError,
    InvalidRequestError,
    PermanentError,
    ServiceError,
    UnauthorizedError,
)
from spotscribe_common.http.disconnect import CallerGoneError
from spotscribe_common.http.request_id import current_request_id
from spotscribe_common.quoting import quoted, shortened

_log = logging.getLogger(__name__)


class ErrorDetail(BaseModel):
    """What went wrong: words for a person, a stable code for a program, and the field at fault."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    param: str | None
    code: ErrorCode


class ErrorBody(BaseModel):
    """The body of every error answer, in OpenAI's shape."""

    error: ErrorDetail


# Said with 503 where nothing better is known: a memory that is full, a model that somebody has to put right.
_RETRY_SECONDS = 30
# Of pydantic's words, which may hold what the caller wrote.
_MOST_CHARACTERS = 200
# Of what the framework refuses by itself: here 404 is an unknown route, not a file that is not there.
_CODES: dict[int, ErrorCode] = {
    404: "not_found",
    413: "upload_too_large",
    415: "unsupported_media_type",
}


def install_error_answers(app: FastAPI) -> None:
    """Makes `app` answer all errors in one shape."""

    async def on_service_error(_: Request, error: Exception) -> JSONResponse:
        return error_answer(error)

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        details = error.errors() if isinstance(error, RequestValidationError) else []
        return error_answer(invalid_request(details))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            return error_answer(error)
        code = _CODES.get(error.status_code, "invalid_request" if error.status_code < 500 else "internal")
        said = str(error.detail)
        if error.status_code in {404, 405}:
            route = f"{request.method[:20]} {quoted(request.url.path)}"
            said = f"There is no route {route}. /docs lists those that there are."
        body = _body(said, code, permanent=error.status_code < 500)
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)

    async def on_gone(_: Request, __: Exception) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(CallerGoneError, on_gone)
    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def error_answer(error: Exception) -> JSONResponse:
    """The answer for an error that was raised before the answer began."""
    known = as_service_error(error)
    retry_after = known.retry_after
    if retry_after is None and known.status == 503:
        retry_after = _RETRY_SECONDS
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = _body(
        known.message,
        known.code,
        permanent=isinstance(known, PermanentError | UnauthorizedError),
        param=known.param,
    )
    return JSONResponse(body, status_code=known.status, headers=headers)


def job_error(error: Exception) -> JobError:
    """The error for an answer that has begun, as its last event carries it."""
    known = as_service_error(error)
    return JobError(code=known.code, message=known.message)


def as_service_error(error: Exception) -> ServiceError:
    """The error itself if it is one of ours; anything else is logged, and shown without its details."""
    if isinstance(error, ServiceError):
        return error
    _log.error("unexpected failure of %s", current_request_id(), exc_info=error)
    return InternalError(f"The service failed unexpectedly ({type(error).__name__}). Its log says more.")


def invalid_request(details: Sequence[Any]) -> InvalidRequestError:
    """The error for the first of pydantic's complaints, naming the field."""
    if not details:
        return InvalidRequestError("The request is not valid.")
    first = details[0]
    field = shortened(".".join(str(part) for part in first["loc"] if part != "body")) or None
    said = shortened(first["msg"], _MOST_CHARACTERS)
    return InvalidRequestError(f"{field or 'The body'}: {said}.", param=field)


def _body(message: str, code: ErrorCode, *, permanent: bool, param: str | None = None) -> dict[str, Any]:
    detail = ErrorDetail(
        message=message,
        type="invalid_request_error" if permanent else "server_error",
        param=param,
        code=code,
    )
    return ErrorBody(error=detail).model_dump()
