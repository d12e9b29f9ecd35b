"""What a measurement tells while it goes on: lines of JSON, each `{"say": …}` or `{"measured": …}`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Report:
    """Appends to a file, line by line; standard output belongs to the libraries, which talk a lot.

    Args:
        file: made if it is not there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()

    def say(self, text: str) -> None:
        """Tells how it gets on."""
        self._write({"say": text})

    def measured(self, values: Mapping[str, Any]) -> None:
        """Tells what was measured, once, at the end."""
        self._write({"measured": values})

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._file.open("a") as lines:
            lines.write(f"{json.dumps(line)}\n")
