"""OpenAI's API through its own client for Python, and what the client cannot send."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from spotscribe_testing.media import ffmpeg, film, tone
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import open_files, wait_until
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import result
from spotscribe_whisper.speakers.cleaning.cleanup import Cleaned, clean


@pytest.fixture
def client(url: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Twelve seconds: two windows of the scripted engine, three turns of the scripted diarizer."""
    return tone(tmp_path / "speech.mp3", 12)


WORDS = [*(f"de{at}" for at in range(12))]


def in_turn(segments: Iterable[Any]) -> list[str]:
    """Who speaks, one after the other: a turn over the border of two windows is two segments."""
    return [speaker for speaker, _ in groupby(segments, key=lambda segment: segment.speaker)]


def test_json_is_the_default(client: OpenAI, speech: Path) -> None:
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech)
    assert answer.text.split()[:3] == ["de0", "de1", "de2"]
    assert answer.usage is not None
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == pytest.approx(12, abs=0.2)


def test_text_is_plain(client: OpenAI, speech: Path) -> None:
    answer = client.audio.transcriptions.create(model="scripted", file=speech, response_format="text")
    assert isinstance(answer, str)
    assert answer.startswith("de0 de1")
    assert answer.endswith("\n")


@pytest.mark.parametrize(("kind", "first"), [("srt", "1\n00:00:00,1"), ("vtt", "WEBVTT\n\n00:00:00.1")])
def test_subtitles(kind: Any, first: str, client: OpenAI, speech: Path) -> None:
    answer = client.audio.transcriptions.create(model="whisper-1", file=speech, response_format=kind)
    assert isinstance(answer, str)
    assert answer.startswith(first)
    assert "de0" in answer


@pytest.mark.parametrize("kind", ["json", "text", "srt", "vtt", "verbose_json", "diarized_json", "stream"])
def test_every_answer_says_how_much_audio_it_took(kind: str, url: str, speech: Path) -> None:
    fields = {"stream": "true"} if kind == "stream" else {"response_format": kind}
    files = {"file": ("speech.mp3", speech.read_bytes())}
    answer = httpx.post(f"{url}/v1/audio/transcriptions", data=fields, files=files, timeout=600)
    assert answer.status_code == 200
    assert float(answer.headers["x-spotscribe-audio-seconds"]) == pytest.approx(12, abs=0.2)


@pytest.mark.parametrize(("temperature", "seconds"), [("0", 12), ("hot", 0)])
def test_a_translation_says_so_too_and_a_refusal_has_nothing_to_say(
    temperature: str, seconds: float, url: str, speech: Path
) -> None:
    files = {"file": ("speech.mp3", speech.read_bytes())}
    answer = httpx.post(
        f"{url}/v1/audio/translations", data={"temperature": temperature}, files=files, timeout=600
    )
    assert float(answer.headers.get("x-spotscribe-audio-seconds", 0)) == pytest.approx(seconds, abs=0.2)


def test_verbose_json_lists_segments_words_or_both(client: OpenAI, speech: Path) -> None:
    def asked(*granularities: Any) -> Any:
        return client.audio.transcriptions.create(
            model="whisper-1",
            file=speech,
            response_format="verbose_json",
            timestamp_granularities=list(granularities),
        )

    both = asked("word", "segment")
    assert both.language == "german"
    assert both.duration == pytest.approx(12, abs=0.2)
    assert [word.word for word in both.words] == both.text.split()
    assert (both.words[0].word, both.words[0].start, both.words[0].end) == ("de0", 0.1, 0.9)
    first = both.segments[0]
    assert (first.id, first.seek, first.start) == (0, round(first.start * 100), 0.1)
    assert bytes(first.tokens).decode() == first.text, "not the engine's own tokens"
    assert "".join(segment.text for segment in both.segments) == f" {both.text}"
    assert 0 < first.compression_ratio < 10
    assert both.task == "transcribe"
    assert asked("word").segments is None
    assert asked("segment").words is None
    assert asked().segments is not None


def test_the_language_is_the_callers(client: OpenAI, speech: Path, engine: ScriptedEngine) -> None:
    answer = client.audio.transcriptions.create(
        model="whisper-1", file=speech, language="en", prompt="Dr. Hume.", temperature=0.2
    )
    assert answer.text.startswith("en0")
    asked = engine.asked[-1]
    assert (asked.language, asked.prompt, asked.temperature, asked.task) == (
        "en",
        "Dr. Hume.",
        0.2,
        "transcribe",
    )


def test_hotwords_are_passed_on(client: OpenAI, speech: Path, engine: ScriptedEngine) -> None:
    client.audio.transcriptions.create(model="whisper-1", file=speech, extra_body={"hotwords": "Spotscribe"})
    assert engine.asked[-1].hotwords == "Spotscribe"


def test_speakers_are_letters_with_their_words(client: OpenAI, speech: Path) -> None:
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=speech,
        response_format="diarized_json",
        chunking_strategy="auto",
    )
    assert in_turn(answer.segments) == ["A", "B", "A"]
    assert {segment.type for segment in answer.segments} == {"transcript.text.segment"}
    assert answer.segments[0].end <= 5 <= answer.segments[1].start + 0.2
    assert answer.segments[0].text.split() == WORDS[:5]
    words: Any = answer.segments[0].model_extra
    assert [word["word"] for word in words["words"]] == WORDS[:5]
    assert answer.task == "transcribe"


def test_known_speakers_have_their_names(client: OpenAI, speech: Path) -> None:
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=speech,
        response_format="diarized_json",
        known_speaker_names=["Ann"],
    )
    assert in_turn(answer.segments) == ["Ann", "A", "Ann"]


def recording(folder: Path, hertz: int, seconds: float = 3) -> str:
    """A tone as a data URL; 0 Hz is silence."""
    source = f"sine=frequency={hertz}" if hertz else "anullsrc=r=16000:cl=mono"
    ffmpeg("-f", "lavfi", "-i", source, "-t", str(seconds), folder / "clip.mp3")
    return "data:audio/mpeg;base64," + b64encode((folder / "clip.mp3").read_bytes()).decode()


# What the scripted diarizer takes for its first speaker's voice, for its second's, and for another's.
FIRST, SECOND, OTHER = 200, 600, 3000


def test_known_voices_have_their_names_whoever_speaks_first(
    client: OpenAI, speech: Path, tmp_path: Path
) -> None:
    def speakers(**voices: int) -> list[str]:
        answer = client.audio.transcriptions.create(
            model="gpt-4o-transcribe-diarize",
            file=speech,
            response_format="diarized_json",
            known_speaker_names=list(voices),
            known_speaker_references=[recording(tmp_path, hertz) for hertz in voices.values()],
        )
        assert (answer.model_extra or {}).get("degraded") is None
        return in_turn(answer.segments)

    assert speakers(Ann=FIRST, Bob=SECOND) == ["Ann", "Bob", "Ann"]
    assert speakers(Ann=SECOND, Bob=FIRST) == ["Bob", "Ann", "Bob"]
    assert speakers(Bob=SECOND) == ["A", "Bob", "A"]
    assert speakers(A=SECOND, Zoe=OTHER) == ["B", "A", "B"], "an absent one was heard, or a letter was taken"


@pytest.mark.parametrize(
    ("hertz", "failure", "said"),
    [
        (0, None, "too little speech"),
        (SECOND, RuntimeError("what the patient said"), "failed unexpectedly"),
        (SECOND, MemoryError(), "out of memory"),
    ],
)
def test_a_recording_of_no_use_costs_its_name_alone(
    hertz: int,
    failure: Exception | None,
    said: str,
    client: OpenAI,
    speech: Path,
    tmp_path: Path,
    diarizer: ScriptedDiarizer,
) -> None:
    diarizer.voice_failure = failure
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=speech,
        response_format="diarized_json",
        known_speaker_names=["Bob"],
        known_speaker_references=[recording(tmp_path, hertz)],
    )
    assert in_turn(answer.segments) == ["A", "B", "A"]
    (loss,) = (answer.model_extra or {})["degraded"]
    assert loss["stage"] == "known_speakers"
    assert "'Bob'" in loss["reason"]
    assert said in loss["reason"]
    assert "patient" not in loss["reason"]


def test_recordings_leave_nothing_behind(
    client: OpenAI, speech: Path, tmp_path: Path, settings: Settings, diarizer: ScriptedDiarizer
) -> None:
    for second in (recording(tmp_path, SECOND), "data:audio/wav;base64,bm8gYXVkaW8="):
        with suppress(openai.UnprocessableEntityError):
            client.audio.transcriptions.create(
                model="gpt-4o-transcribe-diarize",
                file=speech,
                response_format="diarized_json",
                known_speaker_names=["Ann", "Bob"],
                known_speaker_references=[recording(tmp_path, FIRST), second],
            )
        assert list(settings.tmpdir.iterdir()) == []
        wait_until(lambda: open_files(tmp_path) == [], "the recordings are closed")
    assert len(diarizer.recordings) == 2


@pytest.mark.parametrize(
    ("url_of", "status", "code", "said"),
    [
        (lambda _: "https://127.0.0.1/a.wav", 400, "invalid_request", "nothing is fetched"),
        (lambda _: "file:///etc/passwd", 400, "invalid_request", "nothing is fetched"),
        (lambda _: "data:text/plain;base64,YQ==", 400, "invalid_request", "not a data URL"),
        (lambda _: "data:audio/wav,abc", 400, "invalid_request", "not a data URL"),
        (lambda _: "data:audio/wav;base64,YQ=*=", 400, "invalid_request", "base64"),
        (lambda _: "data:audio/wav;base64,abc", 400, "invalid_request", "base64"),
        (lambda _: "data:audio/wav;base64,", 422, "bad_audio", "empty"),
        (lambda _: "data:audio/wav;base64,bm8gYXVkaW8=", 422, "bad_audio", "known_speaker_references[1]"),
        (
            lambda _: "data:audio/wav;base64,I0VYVE0zVQpodHRwOi8veC8=",
            415,
            "unsupported_media_type",
            "playlist",
        ),
        (lambda folder: recording(folder, 200, 31), 413, "audio_too_long", "30 s"),
        (lambda _: "data:audio/wav;base64," + "A" * (3 << 20), 400, "invalid_request", "characters"),
    ],
)
def test_a_recording_that_cannot_be_used_is_named(
    url_of: Callable[[Path], str],
    status: int,
    code: str,
    said: str,
    url: str,
    speech: Path,
    tmp_path: Path,
    engine: ScriptedEngine,
) -> None:
    fields = {
        "response_format": "diarized_json",
        "known_speaker_names[]": ["Ann", "Bob"],
        "known_speaker_references[]": [recording(tmp_path, FIRST), url_of(tmp_path)],
    }
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data=fields, files={"file": speech.read_bytes()}, timeout=600
    )
    assert answer.status_code == status, answer.text
    check("ErrorBody", answer.json())
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == (code, "known_speaker_references.1")
    assert said in error["message"]
    assert len(error["message"]) < 300
    assert engine.asked == []


@pytest.mark.parametrize(
    ("names", "references", "param"),
    [
        (["Ann", "Bob"], 1, "known_speaker_references"),
        (["Ann"], 2, "known_speaker_references"),
        ([], 1, "known_speaker_references"),
        (["Ann", "Ann"], 2, "known_speaker_names"),
        ([f"n{number}" for number in range(11)], 11, "known_speaker_references"),
    ],
)
def test_each_name_has_one_recording(
    names: list[str], references: int, param: str, url: str, speech: Path, tmp_path: Path
) -> None:
    fields = {
        "response_format": "diarized_json",
        "known_speaker_names[]": names,
        "known_speaker_references[]": [recording(tmp_path, FIRST)] * references,
    }
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data=fields, files={"file": speech.read_bytes()}, timeout=600
    )
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("route", ["/transcribe", "/v1/audio/translations"])
def test_fields_share_the_bound_of_what_lies_in_memory(route: str, url: str, speech: Path) -> None:
    text = "x" * (600 << 10)
    answer = httpx.post(
        f"{url}{route}",
        data={"prompt": text, "hotwords": text},
        files={"file": speech.read_bytes()},
        timeout=600,
    )
    assert answer.status_code == 400
    assert "together" in answer.json()["error"]["message"]


def test_the_count_of_speakers_reaches_the_diarizer(
    client: OpenAI, speech: Path, diarizer: ScriptedDiarizer
) -> None:
    extra = {"diarize": True, "min_speakers": 2, "max_speakers": 3}
    client.audio.transcriptions.create(model="whisper-1", file=speech, extra_body=extra)
    assert (diarizer.counts[-1].least, diarizer.counts[-1].most) == (2, 3)


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({}, {"short_turns", "interjections", "minor_speakers"}),
        ({"speaker_cleanup[]": ["short_turns", "minor_speakers"]}, {"short_turns", "minor_speakers"}),
        ({"speaker_cleanup": "none"}, set()),
    ],
)
@pytest.mark.parametrize("route", ["/v1/audio/transcriptions", "/transcribe"])
def test_the_rules_of_the_cleanup_are_chosen(
    route: str,
    fields: dict[str, Any],
    rules: set[str],
    url: str,
    speech: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[set[str]] = []

    def remember(turns: Any, words: Any, chosen: Any, least: Any) -> Cleaned:
        seen.append(set(chosen))
        return clean(turns, words, chosen, least)

    monkeypatch.setattr(result, "clean", remember)
    data = {"diarize": "true", **fields}
    answer = httpx.post(f"{url}{route}", data=data, files={"file": speech.read_bytes()}, timeout=600)
    assert answer.status_code == 200, answer.text
    assert seen == [rules]


def test_a_stream_tells_the_text_as_it_comes(client: OpenAI, speech: Path) -> None:
    events = list(client.audio.transcriptions.create(model="whisper-1", file=speech, stream=True))
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert "".join(deltas) == done.text
    assert len(deltas) == 2
    assert done.usage is not None


def test_a_diarized_stream_tells_the_segments(client: OpenAI, speech: Path) -> None:
    stream = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize", file=speech, stream=True, response_format="diarized_json"
    )
    events = list(stream)
    segments = [event for event in events if event.type == "transcript.text.segment"]
    assert in_turn(segments) == ["A", "B", "A"]
    assert events[-1].type == "transcript.text.done"


def test_a_failure_in_the_middle_of_a_stream_raises_in_the_client(
    client: OpenAI, speech: Path, engine: ScriptedEngine
) -> None:
    engine.hear_failure = RuntimeError("what the patient said")
    with pytest.raises(openai.APIError, match="failed unexpectedly") as caught:
        list(client.audio.transcriptions.create(model="whisper-1", file=speech, stream=True))
    assert "patient" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_translations_are_into_english(client: OpenAI, speech: Path, engine: ScriptedEngine) -> None:
    answer = client.audio.translations.create(model="whisper-1", file=speech, response_format="verbose_json")
    assert engine.asked[-1].task == "translate"
    assert engine.asked[-1].language == "de", "the language that is spoken is not told to the engine"
    assert answer.language == "english"
    assert client.audio.translations.create(model="whisper-1", file=speech).text


def test_a_films_sound_is_transcribed(client: OpenAI, tmp_path: Path) -> None:
    clip = film(tmp_path / "film.mp4", 3, sound_seconds=3)
    assert client.audio.transcriptions.create(model="whisper-1", file=clip).text.startswith("de0")


def test_models_are_the_loaded_one_and_its_aliases(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[0] == "scripted"
    assert {"whisper-1", "gpt-4o-transcribe-diarize"} <= set(names)
    assert client.models.retrieve("whisper-1").owned_by == "spotscribe"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("large-v9")


def test_another_model_is_refused_with_the_name_of_the_loaded_one(client: OpenAI, speech: Path) -> None:
    with pytest.raises(openai.NotFoundError, match="scripted") as caught:
        client.audio.transcriptions.create(model="large-v9", file=speech)
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "xml"}, "response_format"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"language": "xx"}, "language"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        (
            {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
            "timestamp_granularities",
        ),
        ({"stream": "true", "response_format": "srt"}, "stream"),
        ({"include[]": "logprobs"}, "include"),
        ({"known_speaker_names[]": "Ann"}, "known_speaker_names"),
        ({"known_speaker_names[]": ["Ann", "Ann"], "diarize": "true"}, "known_speaker_names"),
        ({"known_speaker_names[]": "A" * 101, "diarize": "true"}, "known_speaker_names"),
        ({"known_speaker_references[]": "data:audio/wav;base64,x"}, "known_speaker_references"),
        ({"num_speakers": 2}, "num_speakers"),
        ({"diarize": "true", "num_speakers": 2, "max_speakers": 3}, "max_speakers"),
        ({"diarize": "true", "min_speakers": 3, "max_speakers": 2}, "min_speakers"),
        ({"diarize": "true", "max_speakers": 0}, "max_speakers"),
        ({"max_line_width": 1}, "max_line_width"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_field_that_cannot_be_is_named(
    fields: dict[str, Any], param: str, url: str, speech: Path, engine: ScriptedEngine
) -> None:
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data=fields, files={"file": speech.read_bytes()}, timeout=600
    )
    assert answer.status_code == 400, answer.text
    check("ErrorBody", answer.json())
    assert answer.json()["error"]["param"].startswith(param)
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert engine.asked == []


def test_a_field_given_twice_and_a_file_for_a_field_are_refused(url: str, speech: Path) -> None:
    files = [("file", speech.read_bytes()), ("language", ("x.txt", b"en"))]
    answer = httpx.post(f"{url}/v1/audio/transcriptions", files=files, timeout=600)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    twice = {"language": ["en", "de"]}
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data=twice, files={"file": speech.read_bytes()}, timeout=600
    )
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "language")


def test_what_browsers_and_clients_send_beside_is_accepted(url: str, speech: Path) -> None:
    """Empty fields, and an object spread over several."""
    fields = {"language": "", "chunking_strategy[type]": "server_vad", "diarize": "", "stream": "false"}
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data=fields, files={"file": speech.read_bytes()}, timeout=600
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("route", ["transcriptions", "translations"])
def test_bad_requests(route: str, url: str) -> None:
    address = f"{url}/v1/audio/{route}"
    answer = httpx.post(address, data={"model": "whisper-1"}, files={"other": b"x"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")
    assert httpx.post(address, json={"model": "whisper-1"}).status_code == 415
    answer = httpx.post(address, files={"file": ("a.mp3", b"no audio at all")}, timeout=600)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_audio")
    answer = httpx.post(address, files={"file": ("a.mp3", b"#EXTM3U\nhttp://x/")}, timeout=600)
    assert answer.status_code == 415
    answer = httpx.post(address, files={"file": ("a.mp3", b"0" * (6 << 20))}, timeout=600)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "upload_too_large")


def test_a_translation_has_no_speakers(url: str, speech: Path) -> None:
    for fields in ({"response_format": "diarized_json"}, {"diarize": "true"}):
        answer = httpx.post(
            f"{url}/v1/audio/translations", data=fields, files={"file": speech.read_bytes()}, timeout=600
        )
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, next(iter(fields)))
