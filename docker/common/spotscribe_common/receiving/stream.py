"""The bytes of one body as they come, bounded in size and time."""

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from spotscribe_common.errors import SlowBodyError, UploadTooLargeError
from spotscribe_common.http.disconnect import CallerGoneError
from spotscribe_common.receiving.intake import Arrival
from spotscribe_common.receiving.pace import WINDOW_SECONDS

# A client that sends nothing for a whole window is refused.
STALL_SECONDS = WINDOW_SECONDS
# So is one that is slower than this over it. 64 kbit/s: a fifth of what a slow mobile network uploads.
LEAST_BYTES_PER_SECOND = 8 << 10


async def chunks(request: Request, arrival: Arrival, *, most: int) -> AsyncIterator[bytes]:
    """The body, piece by piece.

    Args:
        request: whose body nobody has read.
        arrival: counts the bytes.
        most: largest size in bytes.

    Raises:
        UploadTooLargeError: it is larger than `most`.
        SlowBodyError: the client stalled, or is too slow.
        CrowdedError: the service has no room for it.
        CallerGoneError: the client has left.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"{declared} bytes", most)
    stream = aiter(request.stream())
    while True:
        try:
            async with arrival.waiting(STALL_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            arrival.check()
            raise SlowBodyError(f"Nothing of the body came for {STALL_SECONDS:g} s.") from None
        except ClientDisconnect:
            raise CallerGoneError from None
        if chunk is None:
            arrival.complete()
            return
        arrival.grew(len(chunk))
        if arrival.bytes > most:
            raise _too_large("larger", most)
        if arrival.seconds > STALL_SECONDS and arrival.speed < LEAST_BYTES_PER_SECOND:
            raise SlowBodyError(f"The body comes at less than {LEAST_BYTES_PER_SECOND} bytes per second.")
        if chunk:
            yield chunk


def _too_large(size: str, most: int) -> UploadTooLargeError:
    return UploadTooLargeError(f"The body is {size}, and at most {most} bytes are accepted.")
