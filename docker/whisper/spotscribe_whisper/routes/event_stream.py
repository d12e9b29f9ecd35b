"""A job's events as lines of JSON."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spotscribe_common.contract import Failed
from spotscribe_common.disconnect import CallerGoneError, while_connected
from spotscribe_common.http_errors import job_error
from spotscribe_whisper.job import Job

NDJSON = "application/x-ndjson"


class EventStream(Response):
    """Sends each event when it happens. The job ends with the connection, whoever ends it."""

    media_type = NDJSON

    def __init__(self, job: Job) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answers the request."""
        try:
            await while_connected(receive, self._send_events(send))
        except CallerGoneError:
            pass
        finally:
            self._job.cancel()

    async def _send_events(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for event in self._job.events():
                await _send_line(send, event.to_json())
        except Exception as error:
            await _send_line(send, Failed(error=job_error(error)).to_json())
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_line(send: Send, line: str) -> None:
    await send({"type": "http.response.body", "body": line.encode() + b"\n", "more_body": True})
