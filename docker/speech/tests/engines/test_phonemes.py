"""English as Kokoro's symbols, with the real dictionaries."""

import pytest

from spotscribe_common.errors import InvalidRequestError
from spotscribe_speech.engines.kokoro.phonemes import Phonemizer, pieces, unspeakable


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("Hello, world.", "həlˈO, wˈɜɹld."),
        ("The café", "ðə kæfˈA"),
        ("cafe\u0301", "kæfˈA"),
        ("one\ntwo\tthree", "wˈʌn tˈu θɹˈi"),
        ("ﬁne", "fˈIn"),
    ],
)
def test_words_become_phonemes(phonemizer: Phonemizer, text: str, phonemes: str) -> None:
    assert phonemizer.phonemes(text) == phonemes


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "שלום", "日本語", "😀", "\x00"])
def test_what_has_no_word_has_no_phonemes(phonemizer: Phonemizer, text: str) -> None:
    assert phonemizer.phonemes(text) == ""


def test_other_scripts_are_left_out_and_not_guessed(phonemizer: Phonemizer) -> None:
    assert phonemizer.phonemes("hello שלום world") == phonemizer.phonemes("hello world")


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("Hello, world! It's 5% of $3 & more: “quoted” – so…", ""),
        ("naïve Łódź straße æon", ""),
        ("a = b → c ≈ d", "=→≈"),
        ("שלום hi 😀😀", "שלום😀"),
        ("日本 ½", "日本½"),
        ("line\nbreak\ttab\u200d", ""),
    ],
)
def test_characters_without_a_sound_are_named_once(text: str, silent: str) -> None:
    assert unspeakable(text) == silent


@pytest.mark.parametrize(
    "text",
    ["1" * 500, "1,234,567,890,123,456,789,012", "x" * 300, "a-" * 300, "ab." * 200, "'" * 500, "aA" * 200],
)
def test_endless_words_are_read_in_pieces(phonemizer: Phonemizer, text: str) -> None:
    assert len(phonemizer.phonemes(text)) > 20 or set(text) == {"'"}


def test_a_fault_of_the_reader_is_a_refusal(phonemizer: Phonemizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    monkeypatch.setattr(phonemizer, "_read", fail)
    with pytest.raises(InvalidRequestError, match="cannot be read aloud"):
        phonemizer.phonemes("hello")


@pytest.mark.parametrize(
    ("phonemes", "most", "cut"),
    [
        ("abc", 10, ["abc"]),
        ("aaaa. bbbb, cccc dddd", 12, ["aaaa.", "bbbb,", "cccc dddd"]),
        ("aaaa, bbbb cccc", 12, ["aaaa,", "bbbb cccc"]),
        ("aaaa bbbb cccc", 10, ["aaaa bbbb", "cccc"]),
        ("a" * 25, 10, ["a" * 10, "a" * 10, "a" * 5]),
        ("a. " + "b" * 12, 10, ["a. " + "b" * 7, "b" * 5]),
        ("", 10, []),
    ],
)
def test_long_phonemes_are_cut_at_the_best_place(phonemes: str, most: int, cut: list[str]) -> None:
    assert list(pieces(phonemes, most)) == cut


def test_no_symbol_is_lost_when_phonemes_are_cut() -> None:
    phonemes = "wˈʌn tˈu, θɹˈi fˈɔɹ. " * 100
    found = list(pieces(phonemes.strip(), 97))
    assert max(map(len, found)) <= 97
    assert "".join("".join(found).split()) == "".join(phonemes.split())
