"""A recording to analyze with a schema."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from spotscribe_audio.audio.pcm import BYTES_PER_SECOND, Pcm
from spotscribe_common.contract import AnalyzeEvent, AnalyzeRequest
from spotscribe_testing.service.contract_schema import check
from spotscribe_voxtral.analysis.analysis import AnalysisOrder, RecordingAnalysis
from spotscribe_voxtral.engines.engine import Engine

Extract = Callable[..., dict[str, Any]]


@pytest.fixture
def extract(tmp_path: Path) -> Iterator[Extract]:
    """The analysis of audio with a click every second."""
    opened: list[Pcm] = []

    def run(
        engine: Engine, schema: dict[str, Any], seconds: float = 8, *, tasks: Sequence[str] | None = None
    ) -> dict[str, Any]:
        second = b"\x00" * (BYTES_PER_SECOND // 2) + b"\x00\x20" * (BYTES_PER_SECOND // 4)
        path = tmp_path / f"audio{len(opened)}"
        path.write_bytes(second * round(seconds))
        opened.append(Pcm(path.open("rb")))
        told: list[dict[str, Any]] = []

        def emit(event: AnalyzeEvent) -> None:
            told.append(json.loads(event.to_json()))
            check("AnalyzeEvent", told[-1])

        asked = AnalyzeRequest.model_validate({"path": "x", "tasks": tasks, "schema": schema})
        RecordingAnalysis(opened[-1], engine, AnalysisOrder(asked), emit, lambda: False).run()
        found: dict[str, Any] = told[-1]["analysis"]
        return found

    yield run
    for pcm in opened:
        pcm.close()
