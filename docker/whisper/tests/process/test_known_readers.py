"""Readers are known by recordings of other sentences, with the real weights of the diarizer.

Run with `-m production` where requirements.production.txt and requirements.weights.txt are installed.
"""

import shutil
from itertools import groupby
from pathlib import Path

import httpx
import pytest

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings

pytestmark = pytest.mark.production
ROOT = Path(__file__).parents[4]
SPEECH = ROOT / "test/fixtures/speech"


def test_readers_have_their_names(settings: Settings, tmp_path: Path) -> None:
    from spotscribe_whisper.speakers.open_weights.loading import OPEN
    from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer

    link_packaged(OPEN.model, tmp_path / OPEN.model)
    diarizer = PyannoteDiarizer(models=tmp_path, scratch=tmp_path / "scratch", choices=[OPEN])
    # In the order of the names, which is not that of the readers. None of the sentences is read.
    known = {"Linda": "LJ001-0007.flac", "Will": "sonnet001.opus", "Jane": "austen-0870.opus"}
    shutil.copy(ROOT / "samples/two-readers.opus", settings.shared_audio / "input")
    for name in known.values():
        shutil.copy(SPEECH / name, settings.shared_audio)
    with served(create_app(settings, ScriptedEngine(), diarizer)) as url:
        wait_until(lambda: answers_ok(url), "the diarizer has loaded", 180)
        body = {
            "path": "input",
            "diarize": True,
            "known_speaker_names": [*known],
            "known_speaker_references": [*known.values()],
        }
        transcript = httpx.post(f"{url}/transcribe", json=body, timeout=600).json()
    check("Transcript", transcript)
    speakers = [
        speaker for speaker, _ in groupby(turn["speaker"] for turn in transcript["diarization"]["turns"])
    ]
    assert speakers == ["Jane", "Linda"]
    # The sonnet is longer than a reference may be.
    (loss,) = transcript["degraded"]
    assert loss["reason"].startswith("'Will' is not known by voice: ")
