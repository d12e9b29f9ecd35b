"""`channels: separate`: each channel is transcribed by itself, and is a speaker."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_common.contract import Degradation
from spotscribe_testing.media import wav
from spotscribe_testing.models.banded_voices import Audio, BandedEngine, as_samples, voice
from spotscribe_testing.service.answers import events
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import wait_until
from spotscribe_whisper.engines.engine import Doubt, Heard, HeardSegment, HeardWord, Hearing
from spotscribe_whisper.settings import Settings

STREAM = {"Accept": "application/x-ndjson"}
SECONDS = 31.0
# Who is on channel 2 speaks first; at 12 s both speak at once.
ANN, BEN = (3.0, 4.0, 12.2, 25.0), (1.0, 12.0, 14.0, 27.0)
SPOKEN = sorted([*((at, "ann") for at in ANN), *((at, "ben") for at in BEN)])


@pytest.fixture
def engine() -> BandedEngine:
    return BandedEngine()


def written(settings: Settings, samples: Samples, name: str = "call") -> str:
    return wav(settings.shared_audio / name, samples).name


def voices() -> tuple[Audio, Audio]:
    return voice("ann", ANN, SECONDS), voice("ben", BEN, SECONDS)


@pytest.fixture
def call(settings: Settings) -> str:
    """Two people, each of whom the other's microphone hears as well."""
    ann, ben = voices()
    return written(settings, as_samples(ann + 0.15 * ben, ben + 0.15 * ann))


def posted(url: str, path: str, **fields: Any) -> httpx.Response:
    return httpx.post(f"{url}/transcribe", json={"path": path, "language": "en", **fields}, timeout=600)


def separate(url: str, path: str, **fields: Any) -> dict[str, Any]:
    answer = posted(url, path, channels="separate", **fields)
    assert answer.status_code == 200, answer.text
    check("Transcript", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def said(segments: list[dict[str, Any]]) -> list[tuple[float, str]]:
    """The words with their starts, to a tenth of a second."""
    return [(round(segment["start"], 1), segment["text"]) for segment in segments]


def test_each_channel_is_a_speaker_and_words_are_merged_by_time(url: str, call: str) -> None:
    found = separate(url, call)
    assert said(found["segments"]) == SPOKEN
    assert found["text"] == " ".join(name for _, name in SPOKEN)
    assert [segment["id"] for segment in found["segments"]] == list(range(len(SPOKEN)))
    assert {(each["text"], each["speaker"], each["channel"]) for each in found["segments"]} == {
        ("ben", "A", 2),
        ("ann", "B", 1),
    }
    assert found["degraded"] == []


def test_turns_of_channels_may_overlap(url: str, call: str) -> None:
    found = separate(url, call)["diarization"]
    assert (found["engine"], found["model"], found["merges"]) == ("channels", "channels", [])
    assert found["speakers"] == ["A", "B"]
    assert found["turns"] == found["raw_turns"]
    starts = [turn["start"] for turn in found["turns"]]
    assert starts == sorted(starts)
    turns = [(round(turn["start"], 1), round(turn["end"], 1), turn["speaker"]) for turn in found["turns"]]
    # Words with a short pause between them are one turn.
    assert turns[:2] == [(1.0, 1.6, "A"), (3.0, 4.6, "B")]
    assert (12.0, 12.6, "A") in turns
    assert (12.2, 12.8, "B") in turns


def test_without_the_option_the_channels_are_mixed(url: str, call: str, engine: BandedEngine) -> None:
    found = posted(url, call).json()
    assert "diarization" not in found
    assert {segment.get("speaker") for segment in found["segments"]} == {None}
    assert sum(engine.windows) == pytest.approx(SECONDS), "not heard once"


def test_windows_are_common_and_a_resumed_run_equals_an_uninterrupted_one(
    url: str, call: str, engine: BandedEngine
) -> None:
    engine.losses = [Degradation(stage="alignment", reason="The aligner was away.")]
    answer = httpx.post(
        f"{url}/transcribe",
        json={"path": call, "language": "en", "channels": "separate"},
        headers=STREAM,
        timeout=600,
    )
    lines = events(answer, "TranscribeEvent")
    whole = lines[-1]["transcript"]
    windows = [line for line in lines if line["type"] == "window"]
    assert [window["progress"] for window in windows] == sorted(window["progress"] for window in windows)
    assert windows[-1]["progress"] == 1
    earlier: list[dict[str, Any]] = []
    resumed = 0
    for line in lines:
        if line["type"] == "segment":
            earlier.append(line["segment"])
        if line["type"] == "window":
            checkpoint = {"end": line["end"], "segments": earlier, "processing_seconds": 1}
            check("Checkpoint", checkpoint)
            assert all(segment["end"] <= line["end"] for segment in earlier)
            engine.losses = []
            left = {"start_at": line["end"], "earlier": earlier, "earlier_degraded": line["degraded"]}
            assert separate(url, call, **left) == whole
            resumed += 1
    assert resumed >= 4
    assert earlier == whole["segments"]


def test_a_segment_begins_in_its_window_also_if_the_engine_places_it_behind(
    url: str, call: str, engine: BandedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint is refused if a segment begins behind it, or before the one before it."""
    hear = engine.hear

    def late(samples: Samples, how: Hearing, cancelled: Any) -> Heard:
        found = hear(samples, how, cancelled)
        end = len(samples) / SAMPLE_RATE
        found.segments.append(HeardSegment(end + 0.02, end + 0.3, "late", [HeardWord("late", None, None)]))
        return found

    monkeypatch.setattr(engine, "hear", late)
    body = {"path": call, "language": "en", "channels": "separate"}
    lines = events(httpx.post(f"{url}/transcribe", json=body, headers=STREAM, timeout=600), "TranscribeEvent")
    latest = 0.0
    for line in lines:
        if line["type"] == "segment":
            assert line["segment"]["start"] >= latest
            latest = line["segment"]["start"]
        if line["type"] == "window":
            assert latest <= line["end"]


def test_one_channel_is_transcribed_once_and_the_transcript_says_so(
    url: str, settings: Settings, engine: BandedEngine
) -> None:
    ann, ben = voices()
    mono = ann + ben
    inverted = written(settings, as_samples(mono, -0.6 * mono), "inverted")
    once = written(settings, as_samples(mono), "once")
    plain = posted(url, once).json()
    heard = len(engine.windows)
    for path in (inverted, once):
        engine.windows.clear()
        found = separate(url, path)
        assert [said([segment])[0][1] for segment in found["segments"]] == [name for _, name in SPOKEN]
        assert "diarization" not in found
        assert "speaker" not in found["segments"][0]
        assert "channel" not in found["segments"][0]
        [loss] = found["degraded"]
        assert loss["stage"] == "diarization"
        assert "use diarize instead of channels" in loss["reason"]
        assert len(engine.windows) == heard, "more than once"
    assert separate(url, once)["segments"] == plain["segments"]


def test_a_silent_channel_is_not_heard_and_nobodys(
    url: str, settings: Settings, engine: BandedEngine
) -> None:
    ann, ben = voices()
    path = written(settings, as_samples(ann, 0 * ann, ben))
    found = separate(url, path)
    assert found["diarization"]["speakers"] == ["A", "B"]
    assert {segment["channel"] for segment in found["segments"]} == {1, 3}
    pairs = len(engine.windows)
    engine.windows.clear()
    # One who is silent for a window is not heard in it either.
    separate(url, written(settings, as_samples(ann, voice("ben", (1.0,), SECONDS)), "short"))
    assert len(engine.windows) < pairs


def test_the_language_is_detected_where_somebody_speaks(
    url: str, settings: Settings, engine: BandedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loudness: list[float] = []

    def detect(samples: Samples, *_: Any) -> str:
        loudness.append(float(np.abs(samples).max()))
        return "de"

    monkeypatch.setattr(engine, "detect_language", detect)
    ann, ben = voice("ann", (25.0,), SECONDS), voice("ben", BEN, SECONDS)
    assert separate(url, written(settings, as_samples(ann, ben)), language=None)["language"] == "de"
    assert loudness[0] > 3000


def test_doubts_name_the_channel(
    url: str, call: str, engine: BandedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = engine.hear

    def doubting(samples: Samples, how: Hearing, cancelled: Any) -> Heard:
        found = hear(samples, how, cancelled)
        if any(segment.text == "ben" for segment in found.segments):
            found.doubts.append(Doubt("missing", 1.0, 2.0))
        return found

    monkeypatch.setattr(engine, "hear", doubting)
    reasons = [loss["reason"] for loss in separate(url, call)["degraded"]]
    assert reasons[0] == "Channel 2: Words may be missing: there is speech without words at 1.0–2.0 s."  # noqa: RUF001
    assert all(reason.startswith("Channel 2: ") for reason in reasons)


def test_nothing_of_the_channels_is_left_open(url: str, settings: Settings, call: str) -> None:
    fds = Path("/proc/self/fd")
    separate(url, call)
    before = len(list(fds.iterdir()))
    for _ in range(3):
        separate(url, call)
        posted(url, call, channels="separate", start_at=1000)
    wait_until(lambda: len(list(fds.iterdir())) <= before + 1, "the channels' files are closed")
