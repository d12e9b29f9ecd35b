"""The one family of errors of the Python services."""

from typing import Literal

# The codes of `ERROR_CODES` in core/contract/names.ts that a model service can answer with.
ErrorCode = Literal[
    "invalid_request",
    "unauthorized",
    "not_found",
    "unsupported_media_type",
    "bad_audio",
    "audio_too_long",
    "upload_too_large",
    "source_not_found",
    "source_forbidden",
    "model_missing",
    "model_not_found",
    "busy",
    "internal",
]


class CancelledWorkError(Exception):
    """Nobody wants the result any more: raised by what is asked to stop, and shown to nobody."""


class ServiceError(Exception):
    """An error with a stable code, shown to the caller.

    Attributes:
        code: stable code, as in the contract.
        status: HTTP status, if the answer has not begun yet.
        param: name of the request's field at fault, if one is.
        retry_after: seconds after which a repeat is worth trying; None if nothing is known.
    """

    code: ErrorCode = "internal"
    status: int = 500

    def __init__(self, message: str, *, param: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after


class PermanentError(ServiceError):
    """The caller's fault: the same request will fail again."""


class RetryableError(ServiceError):
    """Ours, or the moment's: the same request may succeed later or elsewhere."""


class InvalidRequestError(PermanentError):
    """A field, or the combination of fields, is not acceptable."""

    code, status = "invalid_request", 400


class NoJsonError(InvalidRequestError):
    """A model's answer is not JSON, also when asked again: the same request would end so again."""

    status = 422


class SlowBodyError(InvalidRequestError):
    """The body came too slowly, or stopped coming."""

    status = 408


class UnauthorizedError(ServiceError):
    """No key, or one that is not known: the client's fault, never that of a job's audio."""

    code, status = "unauthorized", 401


class SourceForbiddenError(PermanentError):
    """A path leads outside the shared directory."""

    code, status = "source_forbidden", 403


class SourceNotFoundError(PermanentError):
    """There is no such file in the shared directory."""

    code, status = "source_not_found", 404


class ModelNotFoundError(PermanentError):
    """The request names a model that is not the one that is loaded."""

    code, status = "model_not_found", 404


class AudioTooLongError(PermanentError):
    """The audio is longer than the cap."""

    code, status = "audio_too_long", 413


class UploadTooLargeError(PermanentError):
    """The request's body is larger than the cap."""

    code, status = "upload_too_large", 413


class UnsupportedMediaError(PermanentError):
    """A playlist, or a container or content type that is not accepted."""

    code, status = "unsupported_media_type", 415


class BadAudioError(PermanentError):
    """The file holds no audio that can be decoded, or less of it than it promises."""

    code, status = "bad_audio", 422


class BusyError(RetryableError):
    """As many requests wait as may."""

    code, status = "busy", 429


class CrowdedError(RetryableError):
    """More bodies are on their way, or hold more of the disk, than may."""

    code, status = "busy", 503


class ModelMissingError(RetryableError):
    """A model's file is missing or corrupt, or the model is not loaded (yet)."""

    code, status = "model_missing", 503


class InternalError(RetryableError):
    """Something of ours failed: disk full, a program missing, a fault in the engine."""


class OutOfMemoryError(RetryableError):
    """The device's memory does not suffice; it may when less runs on it."""

    status = 503


class DiskFullError(RetryableError):
    """The scratch disk has no room now."""

    status = 503


class StoppingError(RetryableError):
    """The service was told to stop before the work was done."""

    status = 503
