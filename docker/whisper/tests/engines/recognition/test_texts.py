"""Sentences without an aligner, and doubts in words."""

import numpy as np
import pytest

from spotscribe_whisper.doubts import told
from spotscribe_whisper.engines.engine import Doubt, HeardWord
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.reading import Piece
from spotscribe_whisper.engines.recognition.sentences import sentences

CHUNK = Chunk(100.0, np.zeros(16_000 * 30, np.float32), [(0.0, 30.0)])


def piece(text: str, pause_after: str | None = None) -> Piece:
    words, at = [], 1.0
    for word in text.split():
        words.append(HeardWord(word, at, at + 0.25, 0.9))
        at += 2.0 if word == pause_after else 0.25
    return Piece(text, words, -0.3, 0.1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take it now. Then rest! Why?", ["Take it now.", "Then rest!", "Why?"]),
        ("Mr. Hale met J. Thornton. He left.", ["Mr. Hale met J. Thornton.", "He left."]),
        ('He said "no." Then left', ['He said "no."', "Then left"]),
    ],
)
def test_segments_are_sentences_with_the_times_of_their_words(text: str, expected: list[str]) -> None:
    found = sentences(piece(text), "en", CHUNK)
    assert [segment.text for segment in found] == expected
    for segment in found:
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert segment.avg_logprob == -0.3
    assert found[0].start == 101.0


def test_a_long_text_without_marks_is_divided_at_its_longest_pause() -> None:
    words = [f"w{number}" for number in range(50)]
    found = sentences(piece(" ".join(words), pause_after="w14"), "en", CHUNK)
    assert [len(segment.words) for segment in found] == [15, 35]


def test_a_translations_sentences_share_the_time_of_their_chunk() -> None:
    found = sentences(Piece("One two. Three four five.", None, -0.3, 0.1), "en", CHUNK)
    assert [segment.text for segment in found] == ["One two.", "Three four five."]
    assert found[0].start == 100.0
    assert found[0].end == found[1].start == pytest.approx(100 + 30 * 8 / 24)
    assert found[1].end == 130.0
    assert all(word.start is None for segment in found for word in segment.words)


def test_doubts_are_told_with_their_times_in_the_audio() -> None:
    doubts = [Doubt("missing", 12.0, 15.25), Doubt("repeated", 1.0, 31.0), Doubt("missing", 2.0, 4.0)]
    assert [(loss.stage, loss.reason) for loss in told(doubts, 600.0, 614.0)] == [
        (
            "transcript",
            "Words may be missing: there is speech without words at 602.0–604.0 s, 612.0–614.0 s.",  # noqa: RUF001
        ),
        (
            "transcript",
            "The text repeats itself, which recognition does by mistake too, at 601.0–614.0 s.",  # noqa: RUF001
        ),
    ]
    assert told([], 0.0, 1.0) == []
