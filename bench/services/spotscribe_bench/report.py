"""Progress and results of a measurement: lines of JSON, each `{"say": …}` or `{"measured": …}`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Report:
    """Appends to a file, line by line, because libraries write to standard output.

    Args:
        file: created if it does not exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()

    def say(self, text: str) -> None:
        """Reports progress."""
        self._write({"say": text})

    def measured(self, values: Mapping[str, Any]) -> None:
        """Reports the results, once, at the end."""
        self._write({"measured": values})

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._file.open("a") as lines:
            lines.write(f"{json.dumps(line)}\n")
