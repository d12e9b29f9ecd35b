"""Files with several sound tracks, and files that end early, as the service's routes tell them."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import cut_off, tone, tracks
from spotscribe_testing.service.answers import events, refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_whisper.settings import Settings

STREAM = {"Accept": "application/x-ndjson"}


@pytest.fixture
def several(settings: Settings) -> Path:
    return tracks(settings.shared_audio / "several.mkv", 3, 5)


def transcribe(url: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/transcribe", json=body, headers=headers, timeout=600)


def openai(url: str, path: Path, route: str = "transcriptions", **fields: str) -> httpx.Response:
    with path.open("rb") as file:
        body = {"model": "whisper-1", **fields}
        return httpx.post(f"{url}/v1/audio/{route}", data=body, files={"file": file}, timeout=600)


def test_the_transcript_says_which_of_how_many_tracks_was_heard(url: str, several: Path) -> None:
    found = transcribe(url, {"path": several.name}).json()
    check("Transcript", found)
    assert found["track"] == {"number": 1, "count": 3}
    assert [loss["stage"] for loss in found["degraded"]] == ["audio"]
    assert "3 sound tracks" in found["degraded"][0]["reason"]


def test_the_wanted_track_is_heard_and_nothing_is_missing(url: str, several: Path) -> None:
    found = transcribe(url, {"path": several.name, "track": 3}).json()
    assert found["track"] == {"number": 3, "count": 3}
    assert found["degraded"] == []


def test_a_file_with_one_track_tells_none(url: str, audio: str) -> None:
    assert "track" not in transcribe(url, {"path": audio}).json()


def test_a_track_that_is_not_there_is_refused_with_the_number_of_those_that_are(
    url: str, several: Path
) -> None:
    for answer in (transcribe(url, {"path": several.name, "track": 4}), openai(url, several, track="4")):
        error = refusal(answer, 400, "invalid_request")
        assert error["param"] == "track"
        assert error["message"] == "track is 4, and the file has 3 sound tracks. Send a number from 1 to 3."


@pytest.mark.parametrize("track", [0, -1, 101, 1.5, "first"])
def test_a_track_that_is_no_number_is_refused(url: str, several: Path, track: object) -> None:
    assert refusal(transcribe(url, {"path": several.name, "track": track}), 400, "invalid_request")["param"]
    assert refusal(openai(url, several, track=str(track)), 400, "invalid_request")["param"] == "track"


@pytest.mark.parametrize("kind", ["json", "verbose_json", "diarized_json"])
def test_openais_formats_tell_the_track(url: str, several: Path, kind: str) -> None:
    found = openai(url, several, track="2", response_format=kind).json()
    assert found["track"] == {"number": 2, "count": 3}
    assert "degraded" not in found or "audio" not in [loss["stage"] for loss in found["degraded"]]


def test_a_translation_has_the_option(url: str, several: Path) -> None:
    assert openai(url, several, "translations", track="2").json()["track"] == {"number": 2, "count": 3}


def test_a_format_without_room_for_it_tells_it_in_its_header(url: str, several: Path) -> None:
    assert openai(url, several, response_format="text").headers["X-Spotscribe-Degraded"] == "audio"


def test_a_recording_that_ends_early_is_transcribed_and_told(url: str, settings: Settings) -> None:
    cut = cut_off(tone(settings.shared_audio / "a.wav", 30), 0.5)
    lines = events(transcribe(url, {"path": cut.name}, **STREAM), "TranscribeEvent")
    found = lines[-1]["transcript"]
    assert found["duration"] == pytest.approx(15, abs=0.1)
    assert found["degraded"][0]["stage"] == "audio"
    assert "states 30.0 s, and the file has 15.0 s" in found["degraded"][0]["reason"]
    windows = [line for line in lines if line["type"] == "window"]
    assert windows[-1]["degraded"] == found["degraded"]


def test_a_resumed_run_tells_it_once(url: str, settings: Settings) -> None:
    cut = cut_off(tone(settings.shared_audio / "a.wav", 30), 0.5)
    whole = transcribe(url, {"path": cut.name, "language": "en"}).json()
    body = {"path": cut.name, "language": "en", "start_at": 14, "earlier": whole["segments"]}
    resumed = transcribe(url, {**body, "earlier_degraded": whole["degraded"]}).json()
    assert resumed["degraded"] == whole["degraded"]
