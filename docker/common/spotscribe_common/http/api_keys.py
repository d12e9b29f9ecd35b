"""Bearer keys, for a service that others than its own worker can reach."""

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from spotscribe_common.errors import UnauthorizedError
from spotscribe_common.http.http_errors import error_answer

_DIGEST = re.compile(r"[0-9a-f]{64}")
# Open to all: what a load balancer asks, and the description of the API.
_OPEN = ("/health", "/docs", "/openapi.json", "/static-offline-docs/")


def read_api_keys(file: Path) -> frozenset[str]:
    """The SHA-256 digests of the accepted keys, in hex, a line each.

    Empty lines and those that begin with `#` are skipped.

    Raises:
        ValueError: the file cannot be read, or a line is no digest.
    """
    try:
        lines = file.read_text().splitlines()
    except OSError as error:
        raise ValueError(f"API_KEYS_FILE {file} cannot be read: {error.strerror}.") from None
    found = [line.strip().lower() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    for number, digest in enumerate(found, 1):
        if not _DIGEST.fullmatch(digest):
            # Without the line itself: somebody may have put a key there.
            raise ValueError(
                f"API_KEYS_FILE {file}: entry {number} is no SHA-256 in hex. "
                "Write what sha256sum prints of the key."
            )
    return frozenset(found)


class ApiKeys:
    """ASGI middleware that lets in only requests with `Authorization: Bearer <key>`.

    Looking a digest up in a set leaks through its timing nothing of the keys, which it is not.

    Args:
        app: the application behind it.
        digests: of the accepted keys, see :func:`read_api_keys`.
    """

    def __init__(self, app: ASGIApp, digests: Collection[str]) -> None:
        self._app = app
        self._digests = frozenset(digests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 401."""
        if scope["type"] == "http" and not scope["path"].startswith(_OPEN) and not self._knows(scope):
            refusal = error_answer(
                UnauthorizedError("The API key is missing or not known. Send 'Authorization: Bearer <key>'.")
            )
            refusal.headers["WWW-Authenticate"] = "Bearer"
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        scheme, _, key = Request(scope).headers.get("authorization", "").partition(" ")
        # The header's bytes as they came: Starlette reads them as Latin-1, whatever the client wrote them in.
        digest = hashlib.sha256(key.strip().encode("latin-1")).hexdigest()
        return scheme.lower() == "bearer" and digest in self._digests
