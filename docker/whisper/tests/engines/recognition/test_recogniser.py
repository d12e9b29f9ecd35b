"""Chunks are decoded again where words are missing, repeat themselves, or are improbable."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from spotscribe_whisper.engines.engine import Doubt, HeardWord
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.decoding import Decoded, Style
from spotscribe_whisper.engines.recognition.recogniser import Recognised, Recogniser

RATE = 16_000
ENGLISH = Style("en", "transcribe")
# A word each half second.
SPOKEN = [f"w{number}" for number in range(40)]


def chunk(seconds: float = 20.0) -> Chunk:
    return Chunk(100.0, np.zeros(round(seconds * RATE), np.float32), [(0.0, seconds)])


def decoded(
    words: Sequence[str], start: float = 0.0, *, logprob: float = -0.2, silence: float = 0.0
) -> Decoded:
    """Words of half a second, from a second of the chunk on."""
    parts = [
        HeardWord(f" {word}", start + at / 2, start + at / 2 + 0.5, 0.9) for at, word in enumerate(words)
    ]
    return Decoded(" ".join(words), parts, logprob, silence)


class Decoder:
    """Answers by the style and the length of what it hears, and remembers that."""

    def __init__(self, answers: Callable[[Chunk, Style], Decoded]) -> None:
        self.answers = answers
        self.heard: list[tuple[float, bool]] = []

    def decode(self, chunks: Sequence[Chunk], style: Style) -> list[Decoded]:
        self.heard += [(round(each.seconds, 1), style.timestamps) for each in chunks]
        return [self.answers(each, style) for each in chunks]


def recognised(decoder: Decoder, *chunks: Chunk) -> list[Recognised]:
    return Recogniser(decoder.decode).recognise(chunks or [chunk()], ENGLISH)


def text(found: Recognised) -> str:
    return " ".join(piece.text for piece in found.pieces)


def times(found: Recognised) -> list[float]:
    return [word.start or 0.0 for piece in found.pieces for word in piece.words or []]


def test_a_chunk_with_all_its_words_is_decoded_once() -> None:
    decoder = Decoder(lambda *_: decoded(SPOKEN))
    [found] = recognised(decoder)
    assert (text(found), found.doubts, len(decoder.heard)) == (" ".join(SPOKEN), [], 1)


def test_only_the_chunk_that_stopped_early_is_decoded_again_and_timestamps_find_the_rest() -> None:
    long, short = chunk(), chunk(5.0)
    decoder = Decoder(
        lambda each, style: (
            decoded(SPOKEN[:10])
            if each.seconds < 10
            else decoded(SPOKEN if style.timestamps else SPOKEN[:12], logprob=-0.4)
        )
    )
    first, second = recognised(decoder, long, short)
    assert (text(first), first.doubts) == (" ".join(SPOKEN), [])
    assert text(second) == " ".join(SPOKEN[:10])
    assert decoder.heard == [(20.0, False), (5.0, False), (20.0, True)]


def test_what_every_reading_of_the_whole_leaves_out_is_heard_by_itself() -> None:
    """Its words come in between at their times; those that its neighbors say already are left out."""

    def answer(each: Chunk, _: Style) -> Decoded:
        if each.seconds > 15:
            whole = decoded(SPOKEN)
            kept = [part for part in whole.parts or [] if not 10 <= int(part.text[2:]) < 20]
            return Decoded("".join(part.text for part in kept).strip(), kept, -0.2, 0.0)
        return decoded(SPOKEN[9:21])

    [found] = recognised(Decoder(answer))
    assert text(found) == " ".join(SPOKEN)
    assert times(found) == sorted(times(found))
    assert found.doubts == []


@pytest.mark.parametrize(
    ("filling", "doubts"),
    [
        (decoded(["What?"], logprob=-1.5), [Doubt("missing", 106.0, 120.0)]),
        (decoded(["you"] * 20), [Doubt("missing", 106.0, 120.0)]),
        # Nobody speaks there: what was detected is music.
        (decoded(["you"], logprob=-1.5, silence=0.9), []),
        (decoded([]), []),
    ],
    ids=["improbable", "loop", "silence", "nothing"],
)
def test_what_cannot_be_heard_is_left_out_and_told(filling: Decoded, doubts: list[Doubt]) -> None:
    decoder = Decoder(lambda each, _: decoded(SPOKEN[:12]) if each.seconds > 15 else filling)
    [found] = recognised(decoder)
    assert text(found) == " ".join(SPOKEN[:12])
    assert found.doubts == doubts


@pytest.mark.parametrize("breaks", ["timestamps", "no-repeats", "nothing"])
def test_a_loop_is_broken_or_told(breaks: str) -> None:
    loop = [*SPOKEN[:10], *(["again"] * 30)]

    def answer(_: Chunk, style: Style) -> Decoded:
        is_broken = {"timestamps": style.timestamps, "no-repeats": not style.repeats, "nothing": False}[
            breaks
        ]
        return decoded(SPOKEN if is_broken else loop)

    [found] = recognised(Decoder(answer))
    assert text(found) == " ".join(loop if breaks == "nothing" else SPOKEN)
    assert found.doubts == ([Doubt("repeated", 100.0, 120.0)] if breaks == "nothing" else [])


def test_improbable_words_are_told() -> None:
    [found] = recognised(Decoder(lambda *_: decoded(SPOKEN, logprob=-1.4)))
    assert text(found) == " ".join(SPOKEN)
    assert found.doubts == [Doubt("uncertain", 100.0, 120.0)]


def test_words_that_are_invented_in_silence_are_left_out() -> None:
    decoder = Decoder(lambda *_: decoded(["you"], logprob=-1.4, silence=0.9))
    [found] = recognised(decoder)
    assert (found.pieces, found.doubts, len(decoder.heard)) == ([], [], 1)


def test_a_worse_second_reading_does_not_replace_the_first() -> None:
    decoder = Decoder(lambda _, style: decoded(SPOKEN[:5] if style.timestamps else SPOKEN[:12]))
    [found] = recognised(decoder)
    assert text(found).startswith(" ".join(SPOKEN[:12]))
