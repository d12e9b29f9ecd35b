"""Transcripts in several languages: each segment has its own, and the most spoken one is the transcript's."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_common.contract import Segment
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_whisper.segment_languages import main_language
from spotscribe_whisper.settings import Settings


@pytest.fixture
def sound(settings: Settings, audio: str) -> Path:
    return settings.shared_audio / audio


def transcript(url: str, audio: str, **options: Any) -> dict[str, Any]:
    answer = httpx.post(f"{url}/transcribe", json={"path": audio, **options}, timeout=60)
    assert answer.status_code == 200, answer.text
    check("Transcript", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def languages(found: dict[str, Any]) -> list[str | None]:
    return [segment.get("language") for segment in found["segments"]]


def test_each_segment_has_its_language_and_the_most_spoken_one_is_the_transcripts(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.spoken = ["en", "ja", "ja", "fr"]
    found = transcript(url, audio, languages=["en", "Japanese", "fr"])
    assert languages(found) == ["en", "ja", "ja", "fr"]
    assert found["language"] == "ja"
    texts = [segment["text"] for segment in found["segments"]]
    assert found["text"] == f"{texts[0]} {texts[1]}{texts[2]} {texts[3]}"
    assert {how.languages for how in map(_hashable, engine.asked)} == {("en", "ja", "fr")}
    # What is uncertain is in the language of the beginning.
    assert {how.language for how in engine.asked} == {"fr"}


def test_one_language_is_said_once(url: str, audio: str, engine: ScriptedEngine) -> None:
    engine.spoken = ["en"]
    found = transcript(url, audio, languages=["en", "fr"])
    assert (found["language"], set(languages(found))) == ("en", {None})


@pytest.mark.parametrize(
    "options",
    [{}, {"language": "en"}, {"languages": ["en"]}, {"languages": ["en", "fr"], "task": "translate"}],
)
def test_other_requests_are_heard_in_one_language(
    options: dict[str, Any], url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.spoken = ["en", "ja"]
    found = transcript(url, audio, **options)
    assert set(languages(found)) == {None}
    assert [list(how.languages) for how in engine.asked] == [[]] * 4


def test_a_resumed_transcript_equals_an_uninterrupted_one(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.spoken = ["en", "ja", "ja", "en"]
    whole = transcript(url, audio, languages=["en", "ja"])
    engine.spoken = ["ja", "en"]
    start_at = sum(engine.windows[:2])
    engine.windows.clear()
    rest = transcript(url, audio, languages=["en", "ja"], start_at=start_at, earlier=whole["segments"][:2])
    assert rest == whole


def test_clients_of_openais_get_the_languages_by_segment(
    url: str, sound: Path, engine: ScriptedEngine
) -> None:
    engine.spoken = ["en", "ja", "ja", "de"]
    fields = {"languages[]": ["en", "ja", "de"], "model": "gpt-transcribe"}
    form = {"data": fields, "files": {"file": ("a.flac", sound.read_bytes())}, "timeout": 60}
    plain = httpx.post(f"{url}/v1/audio/transcriptions", **form).json()  # type: ignore[arg-type]
    assert plain["languages"] == [{"code": "ja"}, {"code": "en"}, {"code": "de"}]
    engine.windows.clear()
    fields |= {"model": "whisper-1", "response_format": "verbose_json"}
    verbose = httpx.post(f"{url}/v1/audio/transcriptions", **form).json()  # type: ignore[arg-type]
    assert verbose["language"] == "japanese"
    assert languages(verbose) == ["english", "japanese", "japanese", "german"]
    assert "".join(segment["text"] for segment in verbose["segments"]).strip() == verbose["text"]
    engine.windows.clear()
    fields |= {"stream": "true", "response_format": "json"}
    lines = httpx.post(f"{url}/v1/audio/transcriptions", **form).text  # type: ignore[arg-type]
    for delta in ('"delta":"en0 ', '"delta":" ja0 ', '"delta":"ja0 ', '"delta":" de0 '):
        assert delta in lines


def test_words_divided_by_speaker_are_joined_in_their_language(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.spoken = ["ja", "en"]
    found = transcript(url, audio, languages=["en", "ja"], diarize=True)
    for segment in found["segments"]:
        space = "" if segment["language"] == "ja" else " "
        words = [word["word"] for word in segment["words"]]
        # The scripted engine writes spaces in any text: a segment that is not divided keeps them.
        assert segment["text"] in {space.join(words), " ".join(words)}
    assert any(" " not in segment["text"] for segment in found["segments"] if segment["language"] == "ja")


def test_of_languages_that_are_spoken_equally_long_the_first_is_the_main_one() -> None:
    def segment(start: float, end: float, language: str | None) -> Segment:
        return Segment(id=0, start=start, end=end, text="", words=[], language=language)

    assert main_language([segment(0, 1, "de"), segment(1, 2, "en")], "fr") == "de"
    assert main_language([segment(0, 1, "de"), segment(1, 2.1, "en"), segment(3, 9, None)], "fr") == "en"
    assert main_language([segment(0, 1, None)], "fr") == main_language([], "fr") == "fr"


def _hashable(how: Any) -> Any:
    return type(how)(language=how.language, languages=tuple(how.languages))
