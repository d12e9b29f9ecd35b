"""Pieces of a recording: several at once, and once more where the model writes without end."""

import tempfile
from collections.abc import Iterator

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_audio.speech.windows import Window, frame_energies
from spotscribe_common.errors import OutOfMemoryError
from spotscribe_testing.models.scripted_voxtral import Endless, ScriptedVoxtral
from spotscribe_voxtral.engines.engine import Capacity
from spotscribe_voxtral.pieces import PieceHearing

WINDOWS = [Window(0.0, 20.0), Window(20.0, 40.0), Window(40.0, 60.0)]
LOOP = "Thank you. " * 40


@pytest.fixture
def pcm() -> Iterator[Pcm]:
    """A minute of noise, quieter for half a second at 9 s."""
    samples = (np.random.default_rng(1).standard_normal(60 * SAMPLE_RATE) * 3000).astype(np.int16)
    samples[9 * SAMPLE_RATE : round(9.5 * SAMPLE_RATE)] //= 50
    with tempfile.TemporaryFile() as raw:
        raw.write(samples.tobytes())
        raw.flush()
        yield Pcm(raw)


def hearing(pcm: Pcm, model: ScriptedVoxtral) -> PieceHearing:
    return PieceHearing(pcm, model, frame_energies(pcm), "en", lambda: False)


def model(batch: int = 4) -> ScriptedVoxtral:
    return ScriptedVoxtral(room=Capacity(30.0, batch))


def test_pieces_are_heard_at_once(pcm: Pcm) -> None:
    engine = model()
    heard = hearing(pcm, engine).heard(WINDOWS)
    assert engine.transcribed_at_once == [3]
    assert heard.windows == WINDOWS
    assert [text for window in WINDOWS for _, text in heard.texts[window]] == ["20 seconds in en"] * 3
    assert heard.doubts == []


def test_out_of_memory_halves_the_batch_for_good(pcm: Pcm) -> None:
    engine = model()
    engine.batches_that_fit = 2
    listening = hearing(pcm, engine)
    assert len(listening.heard(WINDOWS).windows) == 3
    assert (listening.batch, engine.transcribed_at_once) == (2, [3, 2, 1])
    engine.batches_that_fit = 1
    with pytest.raises(OutOfMemoryError):
        listening.heard(WINDOWS)


@pytest.mark.parametrize("wrong", [Endless("and so on and on"), LOOP])
def test_a_text_without_end_is_asked_for_again_in_two_halves(pcm: Pcm, wrong: str | Endless) -> None:
    engine = model()
    engine.hears = lambda seconds, _: wrong if seconds == 20 else f"{seconds:g} s"
    heard = hearing(pcm, engine).heard(WINDOWS[:1])
    (first, second) = heard.texts[WINDOWS[0]]
    assert first[0].start == 0.0
    # The quiet half second is where it is cut.
    assert 9.0 <= first[0].end == second[0].start <= 9.5
    assert second[0].end == 20.0
    assert (first[1], second[1]) == (f"{first[0].end:g} s", f"{20 - first[0].end:g} s")
    assert heard.doubts == []


def test_what_goes_on_without_end_is_cut_to_one_repetition_and_reported(pcm: Pcm) -> None:
    engine = model()
    engine.hears = lambda *_: Endless(f"She left. {LOOP}Thank")
    heard = hearing(pcm, engine).heard(WINDOWS[:1])
    assert [text for _, text in heard.texts[WINDOWS[0]]] == ["She left. Thank you."] * 2
    assert [(loss.stage, loss.reason[:58]) for loss in heard.doubts] == [
        ("transcript", "The text repeats itself or was cut off, which the model do")
    ] * 2
    assert heard.doubts[1].reason.endswith("–20.0 s.")  # noqa: RUF001 - a range of times


def test_a_short_piece_is_not_divided(pcm: Pcm) -> None:
    engine = model()
    engine.hears = lambda *_: Endless("la " * 20)
    heard = hearing(pcm, engine).heard([Window(0.0, 5.0)])
    assert (len(engine.transcribed), len(heard.doubts)) == (1, 1)
    assert heard.texts[Window(0.0, 5.0)] == [(Window(0.0, 5.0), "la")]
