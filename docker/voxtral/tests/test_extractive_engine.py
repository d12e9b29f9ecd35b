"""The laptop's engine on real recordings: what it answers is what it heard, and what a transcript has."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.speech.windows import cut_at_silences, frame_energies, windows_from
from spotscribe_common.contract import ANALYSIS_TASKS, AnalyzeEvent, AnalyzeRequest
from spotscribe_common.errors import InvalidRequestError
from spotscribe_testing.places import ROOT, SAMPLE, plain_words, sample_words
from spotscribe_testing.service.contract_schema import check
from spotscribe_voxtral.analysis.analysis import AnalysisOrder, RecordingAnalysis
from spotscribe_voxtral.analysis.json_answer import read_answer
from spotscribe_voxtral.analysis.prompts import audio_prompt
from spotscribe_voxtral.analysis.tasks import wanted_tasks
from spotscribe_voxtral.engines.engine import CancelledGenerationError, Generation, Message, ignore_piece
from spotscribe_voxtral.engines.laptop.extractive import ExtractiveEngine

ASKED = AnalyzeRequest.model_validate(
    {"path": "x", "language": "en", "tasks": [*ANALYSIS_TASKS], "questions": ["Which house is it?"]}
)
# Spoken by a machine for more than a minute, without a pause where a window must be cut.
TALK = """\
How many people will come to the meeting?
Please call the doctor before the meeting.
The garden is very beautiful in the winter.
What is the price of the machine?
The machine costs five hundred dollars.
Where is the red house?
The house is near the market.
"""
HOW = Generation(1536)


@pytest.fixture(scope="module")
def engine() -> ExtractiveEngine:
    made = ExtractiveEngine()
    made.load()
    return made


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Pcm]:
    found = pcm_of(SAMPLE, tmp_path)
    yield found
    found.close()


def pcm_of(path: Path, scratch: Path) -> Pcm:
    with path.open("rb") as file:
        return asyncio.run(decode(file, max_seconds=600, scratch=scratch))


def quotes(value: object) -> list[str]:
    """All quotes in a value of JSON, however deep."""
    if isinstance(value, dict):
        own = [value["quote"]] if value.get("quote") else []
        return own + [quote for part in value.values() for quote in quotes(part)]
    return [quote for part in value for quote in quotes(part)] if isinstance(value, list) else []


def analysed(engine: ExtractiveEngine, pcm: Pcm) -> dict[str, Any]:
    events: list[AnalyzeEvent] = []
    RecordingAnalysis(pcm, engine, AnalysisOrder(ASKED), events.append, lambda: False).run()
    for event in events:
        check("AnalyzeEvent", json.loads(event.to_json()))
    found: dict[str, Any] = json.loads(events[-1].to_json())["analysis"]
    return found


def test_each_task_is_answered_in_its_shape_with_words_that_are_heard(
    engine: ExtractiveEngine, sample: Pcm
) -> None:
    heard = " ".join(sample_words())
    for task in wanted_tasks(ASKED):
        parts = (sample.read(0, sample.duration), audio_prompt(task.told, task.shape, (1, 1)))
        pieces: list[str] = []
        (answer,) = engine.answer(
            [[Message("user", parts)]],
            HOW,
            lambda _, piece, pieces=pieces: pieces.append(piece),  # type: ignore[misc]
            lambda: False,
        )
        assert "".join(pieces) == answer.text
        assert (answer.finish, answer.tokens) == ("stop", len(pieces))
        written = read_answer(answer.text, task.shape).model_dump()
        assert all(quote in heard for quote in quotes(written))
        assert (quotes(written) == []) == (task.field in {"summary", "questions"})


def test_a_recording_is_analysed_without_a_loss(engine: ExtractiveEngine, sample: Pcm) -> None:
    analysis = analysed(engine, sample)
    assert analysis["degraded"] == []
    assert analysis["sentiment"]["overall"] == "positive"
    assert [item["task"] for item in analysis["action_items"]] == [
        "Go forward 10 meters and turn left at the big red house."
    ]
    assert "house" in analysis["answers"][0]["answer"]
    assert analysis["questions"] == []


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_the_quotes_of_several_windows_stand_in_the_transcript_of_the_same_recogniser(
    engine: ExtractiveEngine, tmp_path: Path
) -> None:
    from spotscribe_whisper.engines.engine import Hearing
    from spotscribe_whisper.engines.faster_whisper import FasterWhisperEngine

    talk = tmp_path / "talk.flac"
    subprocess.run(["sh", ROOT / "samples" / "make.sh", talk, "70"], input=TALK.encode(), check=True)
    pcm = pcm_of(talk, tmp_path)
    analysis = analysed(engine, pcm)
    assert analysis["degraded"] == []
    found = quotes(analysis)
    assert len({evidence["heard_from"] for topic in analysis["topics"] for evidence in topic["evidence"]}) > 1
    whisper = FasterWhisperEngine()
    whisper.load()
    windows = windows_from(cut_at_silences(frame_energies(pcm), whisper.longest_window), 0.0, pcm.duration)
    words = [
        segment.text
        for window in windows
        for segment in whisper.hear(pcm.read(window.start, window.end), Hearing("en"), lambda: False).segments
    ]
    pcm.close()
    transcript = " ".join(plain_words(" ".join(words)))
    missing = [quote for quote in found if " ".join(plain_words(quote)) not in transcript]
    # Cut elsewhere, a piece may be heard a little differently.
    assert len(missing) <= len(found) / 10, missing


def test_audio_is_heard_once_for_all_that_is_asked_of_it(
    engine: ExtractiveEngine, sample: Pcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = sample.read(0, 5)
    words = engine.transcribe([samples], "en", lambda: False)[0].text
    assert plain_words(words)[:-1] == sample_words()[: len(plain_words(words)) - 1]
    monkeypatch.setattr(engine._recogniser, "recognise", lambda *_: pytest.fail("it listens again"))
    assert engine.transcribe([samples.copy()], None, lambda: False)[0].text == words


def test_a_question_in_free_text_gets_the_words(engine: ExtractiveEngine, sample: Pcm) -> None:
    samples = sample.read(0, 5)
    conversation = [Message("user", (samples, "What is said?"))]
    (answer,) = engine.answer([conversation], HOW, ignore_piece, lambda: False)
    assert answer.text.startswith("Good morning everyone.")
    (cut,) = engine.answer([conversation], Generation(2), ignore_piece, lambda: False)
    assert (cut.text, cut.finish, cut.tokens) == ("Good morning", "length", 2)


@pytest.mark.parametrize(
    "parts",
    [("Why?",), ('{"properties": {"summary": {}}}',), ("[1, 2", '{"properties": 3}'), ('["a"]', "{}")],
)
def test_a_question_without_audio_is_refused(engine: ExtractiveEngine, parts: Sequence[str]) -> None:
    with pytest.raises(InvalidRequestError, match="there is no audio"):
        engine.answer([[Message("user", ("\n".join(parts),))]], HOW, ignore_piece, lambda: False)


def test_other_languages_are_refused(engine: ExtractiveEngine, sample: Pcm) -> None:
    with pytest.raises(InvalidRequestError, match=r"'de'.*English alone"):
        engine.transcribe([sample.read(0, 1)], "de", lambda: False)


def test_a_cancelled_answer_is_left_while_it_listens_and_the_next_is_whole(
    engine: ExtractiveEngine, sample: Pcm
) -> None:
    # Softer than the other tests' sample, which the engine remembers.
    samples = (sample.read(0, sample.duration) // 2).astype(np.int16)
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > 2

    with pytest.raises(CancelledGenerationError):
        engine.answer([[Message("user", (samples, "What?"))]], HOW, ignore_piece, cancelled)
    assert plain_words(engine.transcribe([samples], None, lambda: False)[0].text) == sample_words()


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '[{"number": "one", "question": "Who?"}]', '[{"number": 1, "question": null}]']
)
def test_lines_that_only_look_like_ours_are_text(line: str, engine: ExtractiveEngine, sample: Pcm) -> None:
    """They made the service fail, and its log quoted them."""
    schema = '{"properties": {"answers": {}}}'
    message = Message("user", (sample.read(0, sample.duration), f"{line}\n{schema}"))
    (answer,) = engine.answer([[message]], HOW, ignore_piece, lambda: False)
    assert json.loads(answer.text) == {"answers": []}
