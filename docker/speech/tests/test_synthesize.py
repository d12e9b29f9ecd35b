"""`POST /synthesize`: a document on the shared volume becomes parts of speech, then finished files."""

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from spotscribe_speech.app import create_app
from spotscribe_speech.settings import Settings
from spotscribe_speech.synthesis import work
from spotscribe_testing.models.toned_voice import TonedVoice
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_testing.sounds import RATE, decoded, loudness, probed

Events = list[dict[str, Any]]
BOOK = """# The start

One two three. Four five.

# The middle

Six. Seven eight nine ten!

# The end

Eleven."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    return Settings(shared_audio=tmp_path / "shared", tmpdir=tmp_path / "scratch", max_waiting=4)


@pytest.fixture
def voice() -> TonedVoice:
    return TonedVoice()


@pytest.fixture
def url(settings: Settings, voice: TonedVoice) -> Iterator[str]:
    with served(create_app(settings, voice)) as found:
        wait_until(lambda: answers_ok(found), "the engine has loaded")
        yield found
        voice.go.set()
    assert [*settings.tmpdir.iterdir()] == [], "the scratch folder is not empty"


@pytest.fixture
def shared(settings: Settings) -> Path:
    return settings.shared_audio


def synthesize(url: str, **asked: Any) -> Events:
    answer = httpx.post(f"{url}/synthesize", json={"path": "text", **asked}, timeout=300)
    assert answer.status_code == 200, answer.text
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    for event in events:
        check("SynthesizeEvent", event)
    return events


def failure(url: str, **asked: Any) -> dict[str, Any]:
    [*_, last] = synthesize(url, **asked)
    assert last["type"] == "error"
    found: dict[str, Any] = last["error"]
    return found


def parts(events: Events) -> list[bytes]:
    return [base64.b64decode(event["data"]) for event in events if event["type"] == "part"]


def spoken(files: list[bytes]) -> "np.ndarray[Any, np.dtype[np.int16]]":
    return np.concatenate([soundfile.read(io.BytesIO(file), dtype="int16")[0] for file in files])


def files(events: Events) -> dict[str, bytes]:
    """The finished files, whose pieces must be together."""
    found: dict[str, bytes] = {}
    for event in events:
        if event["type"] == "piece":
            data = base64.b64decode(event["data"])
            assert len(event["data"]) <= 1 << 20
            assert event["name"] not in list(found)[:-1]
            found[event["name"]] = found.get(event["name"], b"") + data
    return found


def earlier(events: Events, done: int, shared: Path) -> dict[str, Any]:
    """What a request says of the first parts, whose files are put on the shared volume."""
    source = {key: value for key, value in events[0].items() if key != "type"}
    totals = [event["totals"] for event in events if event["type"] == "part"][done - 1]
    names = [f"part-{number}" for number in range(done)]
    for name, data in zip(names, parts(events), strict=False):
        (shared / name).write_bytes(data)
    return {**source, "totals": totals, "parts": names}


@pytest.fixture
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_PART_SECONDS", 1.0)


def story(sentences: int) -> str:
    return " ".join(f"Sentence {chr(97 + n % 26)} has a few words." for n in range(sentences))


@pytest.mark.usefixtures("short_parts")
def test_a_text_becomes_parts_and_one_file(url: str, shared: Path, voice: TonedVoice) -> None:
    text = story(8)
    (shared / "text").write_text(text)
    events = synthesize(url, media_type="text/plain", format="wav", loudness=False, voice="high")
    kinds = [event["type"] for event in events]
    assert [kind for kind in kinds if kind != "making"] == ["started", *["part"] * 8, "piece", "result"]
    result = events[-1]
    source = {key: result[key] for key in ("engine", "voice", "language", "sample_rate")}
    assert source == {
        "engine": {"name": "toned", "model": "tones"}, "voice": "high", "language": "en", "sample_rate": RATE,
    }  # fmt: skip
    assert events[0] == {"type": "started", **source, "plan": result["plan"]}
    assert len(voice.asked) == 8
    # The parts are the file, sample by sample, and the totals count them.
    samples = spoken(parts(events))
    [wav] = files(events).values()
    assert np.array_equal(soundfile.read(io.BytesIO(wav), dtype="int16")[0], samples)
    totals = {"sentences": 8, "characters": len(text), "seconds": samples.size / RATE}
    assert result["totals"] == totals
    spoken_at = [event["progress"] for event in events if event["type"] == "part"]
    made_at = [event["progress"] for event in events if event["type"] == "making"]
    assert [*spoken_at, *made_at] == sorted({*spoken_at, *made_at})
    assert (spoken_at[-1], made_at[-1]) == (pytest.approx(0.95), pytest.approx(1))
    assert result["files"] == [{"name": "speech.wav", "bytes": len(wav), "seconds": totals["seconds"]}]
    assert result["chapters"] == [{"start": 0, "end": totals["seconds"]}]
    assert result["degraded"] == []


@pytest.mark.parametrize("format_", ["mp3", "opus", "aac", "flac", "wav", "pcm", "m4b"])
def test_every_format_has_the_length_and_the_loudness(
    url: str, shared: Path, tmp_path: Path, format_: str
) -> None:
    (shared / "text").write_text(story(6))
    events = synthesize(url, format=format_)
    result = events[-1]
    [(name, data)] = files(events).items()
    assert name == f"speech.{format_}"
    assert result["files"][0]["bytes"] == len(data)
    raw = ("-f", "s16le", "-ar", str(RATE), "-ac", "1") if format_ == "pcm" else ()
    (tmp_path / name).write_bytes(data)
    found = decoded(tmp_path / name, *raw)
    exact = 0 if format_ in {"flac", "wav", "pcm"} else 2 * 1152
    assert abs(found.size - result["totals"]["seconds"] * RATE) <= exact
    integrated, peak = loudness(found)
    assert integrated == pytest.approx(-16, abs=0.5)
    assert peak <= -1


def test_a_book_of_three_chapters_becomes_an_audiobook(url: str, shared: Path, tmp_path: Path) -> None:
    (shared / "text").write_text(BOOK)
    events = synthesize(url, media_type="text/markdown", chapters=True)
    made = files(events)
    assert [*made] == ["chapter-001.mp3", "chapter-002.mp3", "chapter-003.mp3", "speech.m4b"]
    result = events[-1]
    chapters = result["chapters"]
    assert [each["title"] for each in chapters] == ["The start", "The middle", "The end"]
    assert (chapters[0]["start"], chapters[-1]["end"]) == (0, result["totals"]["seconds"])
    (tmp_path / "speech.m4b").write_bytes(made["speech.m4b"])
    shown = probed(tmp_path / "speech.m4b", "-show_chapters")["chapters"]
    assert [each["tags"]["title"] for each in shown] == [each["title"] for each in chapters]
    for given, each in zip(shown, chapters, strict=True):
        assert float(given["start_time"]) == pytest.approx(each["start"], abs=0.001)
        assert float(given["end_time"]) == pytest.approx(each["end"], abs=0.001)
    for file, each in zip(result["files"], chapters, strict=False):
        assert file["seconds"] == pytest.approx(each["end"] - each["start"])
    # The parts have the whole, in which each chapter begins and ends in silence.
    samples = spoken(parts(events))
    for each in chapters[1:]:
        at = round(each["start"] * RATE)
        assert np.abs(samples[at - 200 : at]).max() == 0


@pytest.mark.usefixtures("short_parts")
class TestResumed:
    def test_any_part_can_be_the_last_one(self, url: str, shared: Path, voice: TonedVoice) -> None:
        (shared / "text").write_text(BOOK)
        asked = {"text_format": "markdown", "format": "flac", "chapters": True}
        whole = synthesize(url, **asked)
        count = len(parts(whole))
        assert count >= 4
        for done in range(1, count + 1):
            voice.asked.clear()
            rest = synthesize(url, **asked, earlier=earlier(whole, done, shared))
            assert parts(rest) == parts(whole)[done:]
            assert rest[-1] == whole[-1]
            assert {name: len(data) for name, data in files(rest).items()} == {
                name: len(data) for name, data in files(whole).items()
            }
            assert len(voice.asked) == 8 - whole[done]["totals"]["sentences"]

    def test_a_sentence_that_failed_earlier_is_still_told(self, url: str, shared: Path) -> None:
        (shared / "text").write_text("One two three four five. A mute word. " + story(4))
        whole = synthesize(url)
        assert "1 of 6 sentences are silent" in whole[-1]["degraded"][0]["reason"]
        assert synthesize(url, earlier=earlier(whole, 3, shared))[-1]["degraded"] == whole[-1]["degraded"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"engine": {"name": "toned", "model": "other"}}, "the engine"),
            ({"voice": "high"}, "the voice 'high', not low"),
            ({"language": "de"}, "the language 'de', not en"),
            ({"sample_rate": 16_000}, "the sample_rate '16000', not 24000"),
            ({"plan": "0" * 64}, "another text or speed"),
            ({"parts": []}, "have 0 sentences"),
            ({"parts": ["part-0", "part-0"]}, "have 2 sentences"),
            ({"parts": ["part-1"]}, "characters and"),
            ({"parts": ["text"]}, "part 1 cannot be used: it is no FLAC file"),
        ],
    )
    def test_what_was_made_differently_is_refused(
        self, url: str, shared: Path, change: dict[str, Any], words: str
    ) -> None:
        (shared / "text").write_text("One two three four five. Six seven eight nine ten eleven. Twelve.")
        events = synthesize(url)
        earlier(events, 2, shared)
        error = failure(url, earlier={**earlier(events, 1, shared), **change})
        assert error["code"] == "invalid_request"
        assert words in error["message"]
        assert error["message"].endswith("Start again without it.")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"format": "WAV"}, "it is WAV (PCM_16) with 24000 Hz"),
            ({"format": "FLAC", "samplerate": 22_050}, "it is FLAC (PCM_16) with 22050 Hz"),
            ({"format": "FLAC", "subtype": "PCM_24"}, "it is FLAC (PCM_24)"),
            ({"format": "FLAC"}, "does not say how long its sentences are"),
        ],
    )
    def test_a_part_that_is_something_else_is_refused(
        self, url: str, shared: Path, options: dict[str, Any], words: str
    ) -> None:
        (shared / "text").write_text(story(3))
        said = earlier(synthesize(url), 1, shared)
        samples = np.zeros(round(said["totals"]["seconds"] * RATE), dtype=np.int16)
        soundfile.write(shared / "part-0", samples, options.pop("samplerate", RATE), **options)
        assert words in failure(url, earlier=said)["message"]

    def test_a_part_that_was_cut_is_refused(self, url: str, shared: Path) -> None:
        (shared / "text").write_text(story(3))
        said = earlier(synthesize(url), 2, shared)
        part = shared / "part-1"
        part.write_bytes(part.read_bytes()[:-900])
        assert "part 2 cannot be used: it is cut" in failure(url, earlier=said)["message"]

    def test_a_part_outside_the_shared_folder_is_not_read(self, url: str, shared: Path) -> None:
        (shared / "text").write_text(story(3))
        said = earlier(synthesize(url), 1, shared)
        (shared.parent / "part-0").write_bytes((shared / "part-0").read_bytes())
        assert failure(url, earlier={**said, "parts": ["../part-0"]})["code"] == "source_forbidden"
        assert failure(url, earlier={**said, "parts": ["nothing"]})["code"] == "source_not_found"


def test_a_sentence_without_a_sound_is_a_pause_and_is_told(url: str, shared: Path) -> None:
    (shared / "text").write_text("One two. Here is a mute word. Three ж four.")
    result = synthesize(url, loudness=False)[-1]
    assert result["totals"]["sentences"] == 3
    assert [missing["stage"] for missing in result["degraded"]] == ["speech", "speech"]
    reasons = " ".join(missing["reason"] for missing in result["degraded"])
    assert "1 of 3 sentences are silent" in reasons
    assert "Here is a mute word" in reasons
    assert "ж" in reasons
    metrics = httpx.get(f"{url}/metrics").text
    assert 'spotscribe_degraded_total{stage="speech"} 1.0' in metrics
    assert 'spotscribe_stage_seconds_count{stage="synthesis"} 1.0' in metrics
    assert 'route="/synthesize",status="200"' in metrics


@pytest.mark.parametrize(
    ("text", "asked", "code", "words"),
    [
        ("All of it is mute. This is mute too.", {}, "invalid_request", "None of the 2 sentences"),
        ("", {}, "invalid_request", ""),
        ("Text.", {"text_format": "epub"}, "invalid_request", "EPUB"),
        ("Text.", {"media_type": "image/png"}, "unsupported_media_type", "image/png"),
    ],
)
def test_a_document_that_cannot_be_spoken_fails(
    url: str, shared: Path, text: str, asked: dict[str, Any], code: str, words: str
) -> None:
    (shared / "text").write_text(text)
    error = failure(url, **asked)
    assert (error["code"], words in error["message"]) == (code, True)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"path": "nothing"}, 404, "source_not_found"),
        ({"path": "../text"}, 403, "source_forbidden"),
        ({"voice": "nobody"}, 400, "invalid_request"),
        ({"voice": "low", "language": "de"}, 400, "invalid_request"),
        ({"format": "ogg"}, 400, "invalid_request"),
        ({"speed": 5}, 400, "invalid_request"),
        ({"more": 1}, 400, "invalid_request"),
    ],
)
def test_a_bad_request_is_refused_at_once(
    url: str, shared: Path, asked: dict[str, Any], status: int, code: str
) -> None:
    (shared / "text").write_text("Text.")
    answer = httpx.post(f"{url}/synthesize", json={"path": "text", **asked})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def inside(url: str) -> int:
    return int(httpx.get(f"{url}/health").json()["queue"]["inside"])


@pytest.mark.usefixtures("short_parts")
class TestStopped:
    def test_a_client_that_leaves_ends_the_work(self, url: str, shared: Path, voice: TonedVoice) -> None:
        (shared / "text").write_text(story(3000))
        with httpx.stream("POST", f"{url}/synthesize", json={"path": "text"}, timeout=60) as answer:
            lines = (line for line in answer.iter_lines() if line)
            assert [json.loads(next(lines))["type"] for _ in range(2)] == ["started", "part"]
        wait_until(lambda: inside(url) == 0, "it has ended")
        assert len(voice.asked) < 3000

    def test_a_client_that_leaves_while_files_are_made_ends_ffmpeg(
        self, url: str, shared: Path, voice: TonedVoice, settings: Settings
    ) -> None:
        voice.seconds = 3
        (shared / "text").write_text(story(60))
        with httpx.stream("POST", f"{url}/synthesize", json={"path": "text", "format": "m4b"}) as answer:
            lines = (line for line in answer.iter_lines() if line)
            assert [json.loads(next(lines))["type"] for _ in range(61)] == ["started", *["part"] * 60]
            wait_until(lambda: [*settings.tmpdir.glob("*/speech.m4b")] != [], "the book is being made")
        wait_until(lambda: inside(url) == 0, "it has ended")
        assert [*settings.tmpdir.iterdir()] == []

    def test_a_client_that_reads_slowly_holds_up_the_work(
        self, url: str, shared: Path, voice: TonedVoice
    ) -> None:
        voice.seconds = 3
        (shared / "text").write_text(story(100))
        asked = {"path": "text", "format": "flac", "loudness": False}
        with httpx.stream("POST", f"{url}/synthesize", json=asked) as answer:
            lines = (line for line in answer.iter_lines() if line)
            next(lines)
            counts: list[int] = []

            def settled() -> bool:
                counts.append(len(voice.asked))
                return len(counts) > 100 and counts[-1] == counts[-100]

            wait_until(settled, "the work waits")
            assert counts[-1] < 60
            assert json.loads([*lines][-1])["totals"]["sentences"] == 100

    def test_requests_come_before_a_job(self, url: str, shared: Path, voice: TonedVoice) -> None:
        (shared / "text").write_text(story(40))
        with ThreadPoolExecutor(2) as pool:
            voice.go.clear()
            running = pool.submit(synthesize, url, format="pcm")
            wait_until(lambda: inside(url) == 1, "it is inside")
            body = {"model": "tts-1", "input": "Hello there.", "voice": "low", "response_format": "pcm"}
            asked = pool.submit(httpx.post, f"{url}/v1/audio/speech", json=body, timeout=60)
            wait_until(lambda: inside(url) == 2, "both are")
            voice.go.set()
            assert asked.result().status_code == 200
            assert running.result()[-1]["totals"]["sentences"] == 40
        assert voice.asked.index("Hello there.") <= 3

    def test_as_many_jobs_as_are_let_in_get_on_at_once(self, url: str, shared: Path) -> None:
        (shared / "text").write_text(story(20))
        with ThreadPoolExecutor(5) as pool:
            running = [pool.submit(synthesize, url, format="pcm", loudness=False) for _ in range(5)]
            assert len({json.dumps(each.result()[-1]) for each in running}) == 1


class TestFullDisk:
    @pytest.mark.usefixtures("short_parts")
    def test_it_is_told_and_nothing_stays(
        self, url: str, shared: Path, voice: TonedVoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system refuses to let any file of this process grow beyond a limit."""
        import resource

        voice.seconds = 3
        (shared / "text").write_text(story(10))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            error = failure(url, format="wav")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (error["code"], error["message"]) == ("internal", "The scratch disk is full.")
