"""What the engine `coqui` does without its model: cutting texts, and stretching speech."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spotscribe_speech.engines.coqui.splitting import pieces
from spotscribe_speech.engines.coqui.stretching import stretched

RATE = 24_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short.", ["Short."]),
        ("", []),
        ("  ", []),
        ("He came early, and she left.", ["He came early,", "and she left."]),
        ("one two three four five six", ["one two three", "four five six"]),
        (
            "天氣很好\N{FULLWIDTH COMMA}我們去公園散步\N{FULLWIDTH COMMA}然後回家吃晚飯。",
            ["天氣很好\N{FULLWIDTH COMMA}我們去公園散步\N{FULLWIDTH COMMA}", "然後回家吃晚飯。"],
        ),
    ],
)
def test_a_text_is_cut_after_a_clause_or_between_words(text: str, expected: list[str]) -> None:
    assert pieces(text, lambda piece: len(piece) <= 20) == expected


def test_nothing_of_a_long_text_is_lost() -> None:
    text = " ".join(f"word{number}, and" for number in range(5000))
    cut = pieces(text, lambda piece: len(piece) <= 50)
    assert " ".join(cut) == text
    assert max(map(len, cut)) <= 50
    assert min(map(len, cut)) > 50 / 8


def test_a_word_without_end_is_cut_but_no_letter_loses_its_accent() -> None:
    word = "e\N{COMBINING ACUTE ACCENT}" * 1000
    cut = pieces(word, lambda piece: len(piece) <= 33)
    assert "".join(cut) == word
    assert not any(piece.startswith("\N{COMBINING ACUTE ACCENT}") for piece in cut)


def test_what_never_fits_ends_at_single_characters() -> None:
    assert pieces("abc", lambda _piece: False) == ["a", "b", "c"]


def tone(hertz: float, seconds: float) -> NDArray[np.float32]:
    wave: NDArray[np.float32] = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(
        "f4"
    )
    return wave


def pitch(samples: NDArray[np.float32]) -> float:
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(np.argmax(spectrum) * RATE / len(middle))


@pytest.mark.parametrize("speed", [0.25, 0.7, 1.3, 2.0, 4.0])
def test_speed_changes_the_length_and_not_the_pitch(speed: float) -> None:
    spoken = stretched(tone(155, 2), speed, RATE)
    assert len(spoken) == round(2 * RATE / speed)
    assert pitch(spoken) == pytest.approx(155, abs=3)
    # A frame that does not continue the wave before it would cancel it, or jump.
    inner = spoken[RATE // 20 : -RATE // 20]
    assert np.abs(inner).max() == pytest.approx(1, abs=0.05)
    assert np.abs(np.diff(inner)).max() < 1.3 * 2 * np.pi * 155 / RATE
    windows = inner[: len(inner) // 480 * 480].reshape(-1, 480)
    assert np.abs(windows).max(axis=1).min() > 0.85


def test_what_is_spoken_stays_in_its_order_and_at_its_time() -> None:
    silence = np.zeros(RATE, np.float32)
    spoken = stretched(np.concatenate([tone(200, 1), silence, tone(400, 1)]), 2, RATE)
    half = RATE // 2
    assert pitch(spoken[:half]) == pytest.approx(200, abs=5)
    assert np.abs(spoken[half + RATE // 20 : 2 * half - RATE // 20]).max() < 1e-3
    assert pitch(spoken[2 * half :]) == pytest.approx(400, abs=5)


def test_the_own_speed_changes_nothing() -> None:
    samples = tone(155, 0.3)
    assert stretched(samples, 1, RATE) is samples
    assert len(stretched(samples[:1], 4, RATE)) == 1
