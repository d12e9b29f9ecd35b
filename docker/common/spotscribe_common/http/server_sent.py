"""Server-sent events in OpenAI's manner: each one's data is JSON, and there are no names."""

import json

from spotscribe_common.contract import Failed
from spotscribe_common.errors import PermanentError

SSE = "text/event-stream"
# A comment, which clients pass over.
KEEP_ALIVE = ": still at work\n\n"
_PERMANENT = frozenset(kind.code for kind in PermanentError.__subclasses__())


def sent(data: str) -> str:
    """An event's text, of data without line breaks."""
    return f"data: {data}\n\n"


def failure_sent(failed: Failed) -> str:
    """A failure after the answer began, as OpenAI's clients look for it."""
    error = failed.error
    kind = "invalid_request_error" if error.code in _PERMANENT else "server_error"
    return sent(
        json.dumps({"error": {"message": error.message, "type": kind, "param": None, "code": error.code}})
    )
