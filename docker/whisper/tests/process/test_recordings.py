"""Recordings as recorders leave them, through the whole service with its real recogniser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import ffmpeg, silence
from spotscribe_testing.places import SAMPLE, plain_words, sample_words
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    environment = {"WHISPER_ENGINE": "faster-whisper", "SHARED_AUDIO": str(folder), "TMPDIR": str(folder)}
    with service_process("spotscribe_whisper", environment, folder / "log") as (_, found):
        wait_until(lambda: answers_ok(found), "the engine has loaded", seconds=60)
        yield found


def heard(url: str, path: Path) -> dict[str, Any]:
    asked = {"path": path.name, "language": "en"}
    answer = httpx.post(f"{url}/transcribe", json=asked, timeout=120)
    assert answer.status_code == 200, answer.text
    transcript: dict[str, Any] = answer.json()
    return transcript


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("inverted.wav", "pan=stereo|c0=c0|c1=-1*c0"),
        ("inverted.m4a", "pan=stereo|c0=c0|c1=-1*c0"),
        ("inverted.ogg", "pan=stereo|c0=c0|c1=-1*c0"),
        ("from-the-middle.flac", "pan=stereo|c0=c0|c1=c0,aeval=val(0)|val(1)*(1-2*gt(t\\,9.3)):c=same"),
        ("surround.m4a", "pan=5.1|c0=c0|c1=-1*c0|c4=c0|c5=-1*c0"),
    ],
)
def test_a_channel_in_opposite_phase_costs_no_words(url: str, folder: Path, name: str, filters: str) -> None:
    ffmpeg("-i", SAMPLE, "-af", filters, folder / name)
    words, transcript = sample_words(), heard(url, folder / name)
    found = plain_words(transcript["text"])
    # Codecs change a word here and there.
    assert len([word for word in words if word in found]) >= 0.9 * len(words)
    assert len(found) == pytest.approx(len(words), rel=0.1)
    assert transcript["degraded"] == []


def test_sound_without_a_word_is_remarked_on_and_silence_is_not(url: str, folder: Path) -> None:
    noise, hush = folder / "noise.wav", silence(folder / "hush.wav", 5)
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.02:d=5:seed=1", noise)
    [remark] = heard(url, noise)["degraded"]
    assert remark["stage"] == "transcript"
    assert remark["reason"].startswith("No words were found, although 5 s of the audio are not silent.")
    assert heard(url, hush)["degraded"] == []
    form = {"files": {"file": noise.read_bytes()}, "data": {"response_format": "text"}, "timeout": 60}
    answer = httpx.post(f"{url}/v1/audio/transcriptions", **form)  # type: ignore[arg-type]
    assert (answer.text.strip(), answer.headers["x-spotscribe-degraded"]) == ("", "transcript")
