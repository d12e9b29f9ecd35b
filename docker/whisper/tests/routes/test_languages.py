"""How callers name languages, and among which one is detected."""

from typing import Any

import httpx
import pytest

from spotscribe_audio.language.languages import chosen_language, language_code
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_whisper.settings import Settings

OPENAI = "/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("en", ["en", "EN", " En ", "en-US", "en_GB", "eng", "English", "ENGLISH"]),
        ("de", ["de", "de-AT", "deu", "ger", "German"]),
        ("fr", ["fra", "fre", "French", "fr-CA"]),
        ("zh", ["zh", "zho", "chi", "cmn", "zh-Hans-CN", "Chinese", "Mandarin"]),
        ("yue", ["yue", "yue-HK", "Cantonese"]),
        ("no", ["no", "nb", "nb-NO", "nob", "nor", "Norwegian"]),
        ("ht", ["ht", "hat", "Haitian Creole", "haitian-creole"]),
        ("he", ["he", "iw", "heb"]),
        ("jw", ["jw", "jv", "jav"]),
        ("haw", ["haw", "Hawaiian"]),
    ],
)
def test_a_language_has_many_names(code: str, names: list[str]) -> None:
    assert {language_code(name) for name in names} == {code}


def test_detection_is_asked_for_by_name_or_by_silence() -> None:
    assert [chosen_language(text) for text in (None, "auto", "AUTO", "en")] == [None, None, None, "en"]
    assert language_code("Klingon") == "klingon"


def transcribed(url: str, content: bytes, fields: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{url}{OPENAI}", data=fields, files={"file": ("a.flac", content)}, timeout=60)


@pytest.fixture
def sound(settings: Settings, audio: str) -> bytes:
    return (settings.shared_audio / audio).read_bytes()


@pytest.mark.parametrize(
    ("fields", "heard"),
    [
        ({}, "de"),
        ({"language": "auto"}, "de"),
        ({"language": "English"}, "en"),
        ({"language": "fr-CA"}, "fr"),
        ({"languages[]": ["en", "french"]}, "fr"),
        ({"languages": ["eng", "ja"]}, "en"),
        ({"languages[0]": "ja", "languages[1]": "en"}, "en"),
        ({"languages[]": ["EN"]}, "en"),
        ({"languages[]": ["en", "en-US", "eng"]}, "en"),
        ({"language": "auto", "languages[]": ["en", "fr"]}, "fr"),
        ({"languages[]": ["auto"]}, "de"),
        ({"languages[]": ["en", "AUTO"]}, "de"),
    ],
)
def test_the_most_probable_of_the_languages_is_heard(
    fields: dict[str, Any], heard: str, url: str, sound: bytes, engine: ScriptedEngine
) -> None:
    answer = transcribed(url, sound, {"model": "gpt-transcribe", **fields})
    assert answer.status_code == 200, answer.text
    assert answer.json()["languages"] == [{"code": heard}]
    assert {how.language for how in engine.asked} == {heard}


def test_a_job_may_restrict_the_languages_too(url: str, audio: str) -> None:
    answer = httpx.post(f"{url}/transcribe", json={"path": audio, "languages": ["en", "ja"]}, timeout=60)
    check("Transcript", answer.json())
    assert answer.json()["language"] == "en"


def test_only_the_model_that_tells_languages_does(url: str, sound: bytes) -> None:
    assert "languages" not in transcribed(url, sound, {"model": "whisper-1"}).json()
    done = transcribed(url, sound, {"model": "gpt-transcribe", "stream": "true"}).text.splitlines()
    assert '"languages":[{"code":"de"}]' in [line for line in done if line.startswith("data:")][-1]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"language": "xx"}, "language"),
        ({"language": "es"}, "language"),
        ({"languages[]": ["en", "tlh"]}, "languages"),
        ({"languages[]": ["auto", "tlh"]}, "languages"),
        ({"languages[]": ["auto"], "language": "de"}, "languages"),
        ({"languages[]": ["en"], "language": "de"}, "languages"),
        ({"languages[]": ["en"] * 21}, "languages"),
        ({"languages[en]": "en"}, "languages[en]"),
    ],
)
def test_languages_that_cannot_be_are_refused(
    fields: dict[str, Any], param: str, url: str, sound: bytes
) -> None:
    error = refusal(transcribed(url, sound, fields), 400, "invalid_request")
    assert error["param"] == param


def test_keywords_are_hotwords(url: str, sound: bytes, engine: ScriptedEngine) -> None:
    assert transcribed(url, sound, {"keywords[]": ["Spotscribe", "Dr. Hume"]}).status_code == 200
    assert engine.asked[-1].hotwords == "Spotscribe, Dr. Hume"
    error = refusal(transcribed(url, sound, {"keywords[]": ["a"], "hotwords": "b"}), 400, "invalid_request")
    assert error["param"] == "keywords"
    error = refusal(transcribed(url, sound, {"keywords[]": ["x" * 99] * 10}), 400, "invalid_request")
    assert error["param"] == "keywords"
    assert "1008 characters together. At most 1000 are taken" in error["message"]
    assert transcribed(url, sound, {"keywords[]": ["x" * 98] * 10}).status_code == 200
    assert len(engine.asked[-1].hotwords or "") == 998


@pytest.mark.parametrize(("count", "param"), [(101, "keywords"), (128, "keywords"), (1000, "keywords[]")])
def test_a_hundred_keywords_are_taken_and_no_more(
    count: int, param: str, url: str, sound: bytes, engine: ScriptedEngine
) -> None:
    """A thousand were promised, and the form's reader takes 128 fields."""
    assert transcribed(url, sound, {"keywords[]": ["x"] * 100}).status_code == 200
    assert engine.asked[-1].hotwords == ", ".join(["x"] * 100)
    error = refusal(transcribed(url, sound, {"keywords[]": ["x"] * count}), 400, "invalid_request")
    assert error["param"] == param


@pytest.mark.parametrize(
    "fields",
    [
        {"chunking_strategy": "auto"},
        {"chunking_strategy": '{"type": "server_vad", "threshold": 0.4, "silence_duration_ms": 500}'},
        {"chunking_strategy[type]": "server_vad", "chunking_strategy[prefix_padding_ms]": "300"},
    ],
)
def test_a_chunking_strategy_is_taken(fields: dict[str, str], url: str, sound: bytes) -> None:
    assert transcribed(url, sound, fields).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"chunking_strategy": "manual"}, ""),
        ({"chunking_strategy": "{"}, ""),
        ({"chunking_strategy": "{" * 900}, ""),
        ({"chunking_strategy": "[]"}, ""),
        ({"chunking_strategy": '{"type": "client_vad"}'}, ".type"),
        ({"chunking_strategy": '{"type": "server_vad", "speed": 1}'}, ".speed"),
        ({"chunking_strategy": '{"type": "server_vad", "threshold": 2}'}, ".threshold"),
        ({"chunking_strategy": '{"type": "server_vad", "threshold": NaN}'}, ".threshold"),
        ({"chunking_strategy": '{"type": "server_vad", "threshold": []}'}, ".threshold"),
        ({"chunking_strategy": '{"type": "server_vad", "prefix_padding_ms": "x"}'}, ".prefix_padding_ms"),
        (
            {"chunking_strategy[type]": "server_vad", "chunking_strategy[silence_duration_ms]": "-1"},
            ".silence_duration_ms",
        ),
        ({"chunking_strategy[threshold]": "0.5"}, ".type"),
        ({"chunking_strategy[type]": "server_vad", "chunking_strategy": "auto"}, ""),
    ],
)
def test_a_chunking_strategy_that_is_none_is_named(
    fields: dict[str, str], param: str, url: str, sound: bytes
) -> None:
    error = refusal(transcribed(url, sound, fields), 400, "invalid_request")
    assert error["param"] == f"chunking_strategy{param}"
    assert "literal" not in error["message"]


@pytest.mark.parametrize(
    "name", ["timestamp_granularities", "timestamp_granularities[]", "timestamp_granularities[0]"]
)
def test_a_list_is_heard_however_it_is_written(name: str, url: str, sound: bytes) -> None:
    """With a number in its brackets it was dropped without a word."""
    answer = transcribed(url, sound, {"response_format": "verbose_json", name: "word"})
    assert answer.json()["words"][0]["word"] == "de0"
    assert "segments" not in answer.json()
    assert (
        refusal(transcribed(url, sound, {name: "word"}), 400, "invalid_request")["param"]
        == "timestamp_granularities"
    )


@pytest.mark.parametrize("route", [OPENAI, "/v1/audio/translations", "/transcribe"])
@pytest.mark.parametrize("name", ["colour", "model[0]", "colour[0]", "file[0]", "[]", "prompt[]"])
def test_an_unknown_field_is_refused_on_every_route(route: str, name: str, url: str, sound: bytes) -> None:
    answer = httpx.post(f"{url}{route}", data={name: "red"}, files={"file": ("a.flac", sound)}, timeout=60)
    error = refusal(answer, 400, "invalid_request")
    assert error["param"] == name
    assert "Known: file" in error["message"]


def test_segments_of_a_language_without_spaces_have_none(
    url: str, sound: bytes, engine: ScriptedEngine
) -> None:
    fields = {"response_format": "verbose_json", "language": "ja"}
    japanese = transcribed(url, sound, fields).json()
    assert len(japanese["segments"]) > 1
    assert "".join(segment["text"] for segment in japanese["segments"]) == japanese["text"]
    english = transcribed(url, sound, {**fields, "language": "en"}).json()
    assert "".join(segment["text"] for segment in english["segments"]) == f" {english['text']}"
