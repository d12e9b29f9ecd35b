"""Plays EC2's metadata service (version 2) on 169.254.169.254 inside a machine that a test boots."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROLE = "machine"
TOKENS: set[str] = set()
# The test writes here what the machine is, and later a spot notice: a file for each key.
KEYS = Path(sys.argv[1])


def _credentials() -> str:
    expiration = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": "2026-01-01T00:00:00Z",
            "AccessKeyId": "test",
            "SecretAccessKey": "test",
            "Token": "test",
            "Expiration": expiration,
        }
    )


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        if self.path != "/latest/api/token" or "x-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
            self._answer(403, "")
            return
        token = secrets.token_hex(8)
        TOKENS.add(token)
        self._answer(200, token)

    def do_GET(self) -> None:
        if self.headers.get("x-aws-ec2-metadata-token") not in TOKENS:
            self._answer(401, "")
            return
        key = self.path.removeprefix("/latest/meta-data/")
        if key == "iam/security-credentials/":
            self._answer(200, ROLE)
        elif key == f"iam/security-credentials/{ROLE}":
            self._answer(200, _credentials())
        elif (file := KEYS / key.replace("/", "_")).is_file():
            self._answer(200, file.read_text())
        else:
            self._answer(404, "")

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: only what fails matters."""


ThreadingHTTPServer(("169.254.169.254", 80), _Handler).serve_forever()
