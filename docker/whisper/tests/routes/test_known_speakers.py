"""Recordings of known speakers on the shared volume, as the worker lays them there."""

from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import ffmpeg
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import events, refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import open_files, wait_until
from spotscribe_whisper.settings import Settings

# What the scripted diarizer takes for its first speaker's voice, and for its second's.
VOICES = {"first": 200, "second": 600}


@pytest.fixture
def recordings(settings: Settings) -> dict[str, str]:
    """Paths of a recording of each voice, and of some that are of no use."""
    folder = settings.shared_audio
    for name, hertz in VOICES.items():
        tone(folder / name, hertz, 3)
    tone(folder / "long", 200, 31)
    (folder / "broken").write_bytes(b"no audio")
    return {name: name for name in (*VOICES, "long", "broken")} | {"gone": "gone"}


def tone(path: Path, hertz: int, seconds: int) -> None:
    """A sine wave; the service does not learn the format from the name."""
    sound = path.with_suffix(".wav")
    ffmpeg("-f", "lavfi", "-i", f"sine={hertz}", "-t", str(seconds), sound)
    sound.rename(path)


def transcribed(url: str, audio: str, **fields: Any) -> dict[str, Any]:
    answer = httpx.post(f"{url}/transcribe", json={"path": audio, "diarize": True, **fields}, timeout=600)
    assert answer.status_code == 200, answer.text
    check("Transcript", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def in_turn(transcript: dict[str, Any]) -> list[str]:
    return [speaker for speaker, _ in groupby(segment["speaker"] for segment in transcript["segments"])]


def test_they_name_the_speakers_by_voice(
    url: str, audio: str, recordings: dict[str, str], tmp_path: Path, diarizer: ScriptedDiarizer
) -> None:
    found = transcribed(
        url,
        audio,
        known_speaker_names=["Bob", "Ann"],
        known_speaker_references=[recordings["second"], recordings["first"]],
    )
    assert in_turn(found)[:3] == ["Ann", "Bob", "Ann"]
    assert found["degraded"] == []
    assert len(diarizer.recordings) == 2
    wait_until(lambda: open_files(tmp_path) == [], "the recordings are closed")


def test_names_alone_are_given_in_the_order_of_words(url: str, audio: str) -> None:
    assert in_turn(transcribed(url, audio, known_speaker_names=["Bob", "Ann"]))[:2] == ["Bob", "Ann"]


@pytest.mark.parametrize(("use", "said"), [("broken", "probed"), ("long", "30 s"), ("gone", "opened")])
def test_one_of_no_use_costs_its_name_alone(
    use: str, said: str, url: str, audio: str, recordings: dict[str, str]
) -> None:
    found = transcribed(
        url,
        audio,
        known_speaker_names=["Ann", "Bob"],
        known_speaker_references=[recordings[use], recordings["second"]],
    )
    assert in_turn(found)[:3] == ["A", "Bob", "A"]
    (loss,) = found["degraded"]
    assert loss["stage"] == "known_speakers"
    assert loss["reason"].startswith("'Ann' is not known by voice: ")
    assert said in loss["reason"]


def test_no_name_is_given_by_the_order_of_words_if_all_are_of_no_use(
    url: str, audio: str, recordings: dict[str, str]
) -> None:
    found = transcribed(
        url, audio, known_speaker_names=["Ann"], known_speaker_references=[recordings["gone"]]
    )
    assert in_turn(found)[:2] == ["A", "B"]


def test_a_resumed_run_reports_the_loss_once(url: str, audio: str, recordings: dict[str, str]) -> None:
    fields = {"known_speaker_names": ["Ann"], "known_speaker_references": [recordings["broken"]]}
    body = {"path": audio, "diarize": True, **fields}
    headers = {"Accept": "application/x-ndjson"}
    lines = events(
        httpx.post(f"{url}/transcribe", json=body, headers=headers, timeout=600), "TranscribeEvent"
    )
    window = next(line for line in lines if line["type"] == "window")
    segments = [line["segment"] for line in lines if line["type"] == "segment"]
    earlier = [segment for segment in segments if segment["end"] <= window["end"]]
    resumed = transcribed(
        url,
        audio,
        **fields,
        start_at=window["end"],
        earlier=earlier,
        earlier_degraded=window["degraded"],
    )
    assert [loss["stage"] for loss in resumed["degraded"]] == ["known_speakers"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"known_speaker_names": ["Ann"], "diarize": False}, "known_speaker_names"),
        ({"known_speaker_names": ["Ann", "Ann"]}, "known_speaker_names"),
        (
            {"known_speaker_names": ["Ann"], "known_speaker_references": ["a", "b"]},
            "known_speaker_references",
        ),
        ({"known_speaker_references": ["first"]}, "known_speaker_references"),
        ({"known_speaker_names": ["A" * 101]}, "known_speaker_names.0"),
        ({"known_speaker_names": [str(at) for at in range(51)]}, "known_speaker_names"),
    ],
)
def test_what_does_not_go_together_is_refused(
    fields: dict[str, Any], param: str, url: str, audio: str, engine: ScriptedEngine
) -> None:
    body = {"path": audio, "diarize": True, **fields}
    error = refusal(httpx.post(f"{url}/transcribe", json=body, timeout=600), 400, "invalid_request")
    assert error["param"] == param
    assert engine.asked == []


def test_a_path_outside_the_shared_folder_is_not_read(url: str, audio: str, tmp_path: Path) -> None:
    tone(tmp_path / "secret", 200, 3)
    found = transcribed(
        url, audio, known_speaker_names=["Ann"], known_speaker_references=[str(tmp_path / "secret")]
    )
    assert "outside" in found["degraded"][0]["reason"]
    assert in_turn(found)[:2] == ["A", "B"]
