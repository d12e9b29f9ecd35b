"""OpenAI's newest and oldest supported client for Python, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.places import ROOT

OLDEST = ROOT / ".spotscribe" / "openai-oldest"


@pytest.mark.parametrize(("folder", "version"), [(None, "3."), (OLDEST, "1.55.3")])
def test_a_client_gets_what_it_asks_for(
    folder: Path | None, version: str, url: str, tmp_path: Path, engine: ScriptedEngine
) -> None:
    assert folder is None or folder.is_dir(), "run scripts/setup.sh --python"
    path = os.pathsep.join([*([] if folder is None else [str(folder)]), *sys.path])
    command = [
        sys.executable,
        "-m",
        "spotscribe_testing.service.openai_client",
        url,
        tone(tmp_path / "a.flac", 8),
    ]
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told["version"].startswith(version)
    assert told["today"]["languages"] == [{"code": "fr"}]
    assert told["today"]["text"].startswith("fr0")
    assert told["today"]["usage"]["type"] == "duration"
    assert engine.asked[0].hotwords == "Spotscribe, Dr. Hume"
    words = [f"de{at}" for at in range(8)]
    assert told["json"].split() == told["text"].split() == told["words"] == words
    assert "".join(told["segments"]).split() == words
    assert "gpt-transcribe" in told["models"]
    assert told["model"] == "whisper-1"
    assert told["refusal"] == ["model_not_found", "model", True]
