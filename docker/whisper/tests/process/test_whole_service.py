"""Everything at once, as on a machine: the service's process, whisperX, alignment, pyannote, OpenAI's client.

Run with `-m production` where requirements.production.txt is installed. The models are tiny: Whisper says the
same sentence in all speech, and pyannote tells voices apart by their pitch alone.
"""

import os
from base64 import b64encode
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import DOCKER, SAMPLE
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

pytestmark = pytest.mark.production
SENTENCE = "Take 250 milligrams now. Then rest."
# 39 seconds with the low part of a voice alone, then as many with the high part alone: more than the 30 that
# whisperX hears in one piece.
_HALF_SECONDS = 39
_TWO_VOICES = (
    "[0]lowpass=f=350,lowpass=f=350,lowpass=f=350,volume=3[low];"
    "[0]highpass=f=1700,highpass=f=1700,highpass=f=1700,volume=6[high];"
    "[low][high]concat=n=2:v=0:a=1"
)


def record_two_voices(file: Path) -> None:
    ffmpeg("-stream_loop", "1", "-i", SAMPLE, "-filter_complex", _TWO_VOICES, file)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner
    from spotscribe_testing.models.tiny_pyannote import tiny_pyannote
    from spotscribe_testing.models.tiny_whisper import scripted_whisper

    folder = tmp_path_factory.mktemp("machine")
    (folder / "scratch").mkdir()
    (folder / "shared").mkdir()
    scripted_whisper(folder / "models" / "tiny", SENTENCE)
    tiny_aligner(folder / "models" / "align-en")
    tiny_pyannote(folder / "models" / "diarization")
    record_two_voices(folder / "shared" / "two.wav")
    environment = {
        "WHISPER_MODEL": "tiny",
        "MODEL_DIR": str(folder / "models"),
        "SHARED_AUDIO": str(folder / "shared"),
        "TMPDIR": str(folder / "scratch"),
        "HOME": "/proc",
        # The tiny pyannote's checkpoints name their classes, which lie among the tests' helpers.
        "PYTHONPATH": os.pathsep.join(
            str(DOCKER / package) for package in ("common", "audio", "whisper", "testing")
        ),
    }
    with service_process("spotscribe_whisper", environment, folder / "log") as (_, found):
        wait_until(
            lambda: httpx.get(f"{found}/health", timeout=600).json()["status"] != "loading", "loaded", 180
        )
        assert answers_ok(found), httpx.get(f"{found}/health", timeout=600).text
        yield found


@pytest.fixture(scope="module")
def two_voices(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("audio") / "two.mp3"
    record_two_voices(found)
    return found


def test_health_says_that_speakers_can_be_told_apart(url: str) -> None:
    assert httpx.get(f"{url}/health").json()["diarization"] == {"model": "diarization", "error": None}


def test_openais_client_gets_words_and_speakers(url: str, two_voices: Path) -> None:
    client = OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=two_voices,
        response_format="diarized_json",
        language="en",
        known_speaker_names=["Nurse"],
    )
    assert [speaker for speaker, _ in groupby(segment.speaker for segment in answer.segments)] == [
        "Nurse",
        "A",
    ]
    said = [word["word"] for segment in answer.segments for word in (segment.model_extra or {})["words"]]
    assert said == answer.text.split()
    assert set(said) == set(SENTENCE.split())
    assert (answer.model_extra or {}).get("degraded") is None


def recorded(voice: str, folder: Path) -> str:
    """A sentence of one of the two voices as a data URL."""
    start = 0.5 if voice == "low" else 0.5 + _HALF_SECONDS
    record_two_voices(folder / "both.wav")
    ffmpeg("-ss", str(start), "-i", folder / "both.wav", "-t", "6", folder / f"{voice}.ogg")
    return "data:audio/ogg;base64," + b64encode((folder / f"{voice}.ogg").read_bytes()).decode()


def test_reference_recordings_name_speakers_by_voice_not_by_order(
    url: str, two_voices: Path, tmp_path: Path
) -> None:
    client = OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=two_voices,
        response_format="diarized_json",
        language="en",
        known_speaker_names=["High", "Low"],
        known_speaker_references=[recorded("high", tmp_path), recorded("low", tmp_path)],
    )
    speakers = [speaker for speaker, _ in groupby(segment.speaker for segment in answer.segments)]
    assert speakers == ["Low", "High"]
    assert (answer.model_extra or {}).get("degraded") is None


def test_the_workers_request_gets_turns_and_who_had_them(url: str) -> None:
    request = {"path": "two.wav", "language": "en", "diarize": True, "num_speakers": 2}
    transcript = httpx.post(f"{url}/transcribe", json=request, timeout=600).json()
    check("Transcript", transcript)
    assert transcript["degraded"] == []
    assert transcript["diarization"]["speakers"] == ["A", "B"]
    ends = {turn["speaker"]: turn["end"] for turn in transcript["diarization"]["turns"]}
    assert abs(ends["A"] - _HALF_SECONDS) < 2
    assert ends["B"] > 2 * _HALF_SECONDS - 2
    again = httpx.post(
        f"{url}/transcribe",
        json={**request, "start_at": transcript["duration"], "earlier": transcript["segments"]},
        timeout=600,
    ).json()
    assert again["diarization"] == transcript["diarization"]
    assert again["text"] == transcript["text"]
