"""Separate channels in OpenAI's form: who speaks needs no diarization then."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import wav
from spotscribe_testing.models.banded_voices import BandedEngine, as_samples, voice
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.service.answers import refusal

SECONDS = 20.0
ANN, BEN = (3.0, 4.0, 12.2), (1.0, 12.0, 14.0)
SPOKEN = [name for _, name in sorted([*((at, "ann") for at in ANN), *((at, "ben") for at in BEN)])]


@pytest.fixture
def engine() -> BandedEngine:
    return BandedEngine()


@pytest.fixture
def call(tmp_path: Path) -> Path:
    channels = as_samples(voice("ann", ANN, SECONDS), voice("ben", BEN, SECONDS))
    return wav(tmp_path / "call.wav", channels)


def posted(url: str, path: Path, route: str = "/v1/audio/transcriptions", **fields: Any) -> httpx.Response:
    data = {"channels": "separate", **fields}
    return httpx.post(f"{url}{route}", data=data, files={"file": path.read_bytes()}, timeout=600)


@pytest.mark.parametrize(
    ("field", "value"),
    [("diarize", "true"), ("num_speakers", "2"), ("min_speakers", "2"), ("max_speakers", "2")],
)
def test_telling_voices_apart_is_refused_beside_separate_channels(
    url: str, call: Path, field: str, value: str
) -> None:
    for route in ("/transcribe", "/v1/audio/transcriptions"):
        error = refusal(posted(url, call, route, **{field: value}), 400, "invalid_request")
        assert error["param"] == field
        assert f"Leave {field} out, or set channels to mixed" in error["message"]


def test_a_mode_that_is_not_known_is_refused(url: str, call: Path) -> None:
    for route in ("/transcribe", "/v1/audio/transcriptions"):
        error = refusal(posted(url, call, route, channels="stereo"), 400, "invalid_request")
        assert error["param"] == "channels"


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe-diarize"])
def test_diarized_json_has_the_channels_as_speakers(
    url: str, call: Path, diarizer: ScriptedDiarizer, model: str
) -> None:
    answer = posted(url, call, response_format="diarized_json", model=model)
    assert answer.status_code == 200, answer.text
    assert [(each["text"], each["speaker"]) for each in answer.json()["segments"]] == [
        (name, "A" if name == "ben" else "B") for name in SPOKEN
    ]
    assert [each["channel"] for each in answer.json()["segments"]][:2] == [2, 1]
    assert diarizer.counts == [], "voices were compared"


def test_names_are_given_in_the_order_of_the_first_words(url: str, call: Path) -> None:
    found = posted(url, call, response_format="diarized_json", **{"known_speaker_names[]": ["Ben", "Ann"]})
    assert found.status_code == 200, found.text
    assert [each["speaker"].lower() for each in found.json()["segments"]] == SPOKEN
    recordings = {"known_speaker_names[]": "Ben", "known_speaker_references[]": "data:audio/wav;base64,AA"}
    error = refusal(posted(url, call, **recordings), 400, "invalid_request")
    assert error["param"] == "known_speaker_references"
    assert "Leave the references out" in error["message"]


def test_a_stream_and_a_translation_have_the_channels_too(url: str, call: Path) -> None:
    stream = posted(url, call, response_format="diarized_json", stream="true")
    lines = [json.loads(line[6:]) for line in stream.text.splitlines() if line.startswith("data: {")]
    segments = [line for line in lines if line["type"] == "transcript.text.segment"]
    assert [each["text"] for each in segments] == SPOKEN
    translation = posted(url, call, "/v1/audio/translations", response_format="verbose_json").json()
    assert {each["speaker"] for each in translation["segments"]} == {"A", "B"}


def test_subtitles_show_who_speaks_and_do_not_overlap(url: str, call: Path) -> None:
    srt = posted(url, call, response_format="srt").text
    assert "A: ben" in srt
    assert "B: ann" in srt
    times = [line.split(" --> ") for line in srt.splitlines() if " --> " in line]
    assert all(first[1] <= second[0] for first, second in pairwise(times))
