"""Words without times of their own, where the speaker changes."""

import pytest

from spotscribe_common.contract import Segment, SpeakerTurn, Word
from spotscribe_whisper.speakers.attribution import attributed

Said = tuple[str, float, float]


def heard(*words: Said | tuple[str], start: float, end: float) -> Segment:
    """A segment as the engine hears it; words without times share the gap."""
    placed: list[Word] = []
    for at, word in enumerate(words):
        if len(word) == 3:
            placed.append(Word(word=word[0], start=word[1], end=word[2]))
            continue
        before = placed[-1].end if placed else start
        following = next((each for each in words[at + 1 :] if len(each) == 3), None)
        placed.append(
            Word(
                word=word[0],
                start=before,
                end=following[1] if following is not None else end,
                interpolated=True,
            )
        )
    return Segment(id=0, start=start, end=end, text=" ".join(word[0] for word in words), words=placed)


def said(segment: Segment, *turns: tuple[float, float, str]) -> list[tuple[str | None, str, float, float]]:
    """Speaker, text, start and end of each piece."""
    whose = [SpeakerTurn(start=start, end=end, speaker=speaker) for start, end, speaker in turns]
    return [
        (piece.speaker, piece.text, piece.start, piece.end) for piece in attributed([segment], whose, "en")
    ]


def test_a_number_at_a_sentences_end_stays_with_the_one_who_says_it() -> None:
    """Its stretch is the gap up to the next word, most of which is in the other's turn."""
    segment = heard(("It", 0.0, 0.2), ("costs", 0.3, 0.8), ("$20.",), ("Oh.", 4.0, 4.4), start=0.0, end=4.4)
    assert said(segment, (0.0, 1.6, "a"), (1.7, 5.0, "b")) == [
        ("a", "It costs $20.", 0.0, 1.6),
        ("b", "Oh.", 4.0, 4.4),
    ]


def test_a_number_at_a_sentences_beginning_goes_with_the_words_behind_it() -> None:
    segment = heard(("Much?", 0.0, 0.4), ("20",), ("dollars.", 4.0, 4.4), start=0.0, end=4.4)
    assert said(segment, (0.0, 3.3, "a"), (3.5, 5.0, "b")) == [
        ("a", "Much?", 0.0, 0.4),
        ("b", "20 dollars.", 3.5, 4.4),
    ]


def test_the_last_word_of_a_segment_ends_with_its_speakers_turn() -> None:
    segment = heard(("In", 0.0, 0.3), ("1984.",), start=0.0, end=6.0)
    assert said(segment, (0.0, 1.2, "a"), (1.3, 7.0, "b")) == [("a", "In 1984.", 0.0, 1.2)]


def test_the_first_word_of_a_segment_begins_with_its_speakers_turn() -> None:
    segment = heard(("1984",), ("was", 5.0, 5.3), start=0.0, end=5.3)
    assert said(segment, (0.0, 4.0, "a"), (4.5, 7.0, "b")) == [("b", "1984 was", 4.5, 5.3)]


def test_where_a_turn_ends_too_early_the_word_is_not_moved_into_the_others() -> None:
    segment = heard(("About", 0.0, 0.5), ("20.",), ("Oh.", 2.0, 2.4), start=0.0, end=2.4)
    assert said(segment, (0.0, 0.4, "a"), (0.4, 3.0, "b")) == [
        ("a", "About 20.", 0.0, 0.5),
        ("b", "Oh.", 2.0, 2.4),
    ]


def test_between_two_speakers_in_one_sentence_the_place_decides() -> None:
    words = (("so", 0.0, 0.4), ("20",), ("right", 2.0, 2.4))
    segment = heard(*words, start=0.0, end=2.4)
    assert [piece[:2] for piece in said(segment, (0.0, 0.7, "a"), (0.7, 3.0, "b"))] == [
        ("a", "so"),
        ("b", "20 right"),
    ]
    assert [piece[:2] for piece in said(segment, (0.0, 1.7, "a"), (1.7, 3.0, "b"))] == [
        ("a", "so 20"),
        ("b", "right"),
    ]


def test_a_third_voice_does_not_take_a_word_out_of_a_sentence() -> None:
    segment = heard(("so", 0.0, 0.4), ("20",), ("dollars.", 2.0, 2.4), start=0.0, end=2.4)
    turns = ((0.0, 0.5, "a"), (0.5, 1.9, "c"), (1.9, 3.0, "a"))
    assert [piece[:2] for piece in said(segment, *turns)] == [("a", "so 20 dollars.")]


@pytest.mark.parametrize("text", ["Yes, they agree.", "They came."])
def test_a_sentence_without_any_times_is_one_speakers(text: str) -> None:
    words = [
        Word(word=word, start=at, end=at + 1.0, interpolated=True) for at, word in enumerate(text.split())
    ]
    segment = Segment(id=0, start=0.0, end=float(len(words)), text=text, words=words)
    assert [piece[:2] for piece in said(segment, (0.0, 0.9, "a"), (0.9, 5.0, "b"))] == [("b", text)]


def test_a_text_without_marks_and_times_is_divided_by_time() -> None:
    words = [Word(word=f"w{at}", start=at, end=at + 1.0, interpolated=True) for at in range(4)]
    segment = Segment(id=0, start=0.0, end=4.0, text="w0 w1 w2 w3", words=words)
    assert [piece[:2] for piece in said(segment, (0.0, 2.0, "a"), (2.0, 5.0, "b"))] == [
        ("a", "w0 w1"),
        ("b", "w2 w3"),
    ]


def sentence(text: str, start: float = 0.0, pause: float = 0.0, length: float = 0.4) -> list[Said]:
    """Words of the same length in seconds, with a pause after the second."""
    return [
        (word, start + length * at + pause * (at > 1), start + length * (at + 1) + pause * (at > 1))
        for at, word in enumerate(text.split())
    ]


def test_words_that_a_late_boundary_takes_from_a_sentence_go_back_to_it() -> None:
    segment = heard(*sentence("And then I asked him.", 2.0), start=2.0, end=4.0)
    assert [piece[:2] for piece in said(segment, (0.0, 2.7, "a"), (2.8, 9.0, "b"))] == [
        ("b", "And then I asked him.")
    ]


def test_words_that_an_early_boundary_takes_from_a_sentence_go_back_to_it() -> None:
    segment = heard(*sentence("And then I asked him. Why? He"), start=0.0, end=2.8)
    assert [piece[:2] for piece in said(segment, (0.0, 1.5, "a"), (1.6, 9.0, "b"))] == [
        ("a", "And then I asked him."),
        ("b", "Why? He"),
    ]


@pytest.mark.parametrize(
    ("text", "pause", "length", "change"),
    [
        # A pause: the first two words may be an answer, which the recogniser has written without a full stop.
        ("Yes sure I asked him.", 0.5, 0.4, 2.8),
        # Three words are no error of a boundary.
        ("Yes you did I asked him today.", 0.0, 0.3, 2.9),
        # Of two short parts nobody knows which one is the sentence.
        ("Yes no.", 0.0, 0.4, 2.4),
    ],
)
def test_what_may_be_somebodys_own_words_stays_theirs(
    text: str, pause: float, length: float, change: float
) -> None:
    segment = heard(*sentence(text, 2.0, pause, length), start=2.0, end=9.0)
    found = said(segment, (0.0, change, "a"), (change, 9.0, "b"))
    assert [piece[0] for piece in found] == ["a", "b"]


def test_a_word_stretched_over_a_pause_is_its_beginnings() -> None:
    segment = heard(("Fine", 0.0, 2.0), start=0.0, end=2.0)
    assert said(segment, (0.0, 0.6, "a"), (0.6, 9.0, "b"))[0][0] == "a"


def test_two_words_that_are_a_turn_of_their_own_stay_somebodys_own() -> None:
    """The recogniser wrote no full stop before them, and there is no pause."""
    segment = heard(*sentence("than he ever was replied he"), start=0.0, end=2.4)
    assert [piece[:2] for piece in said(segment, (0.0, 1.6, "a"), (1.6, 2.5, "b"), (3.0, 9.0, "a"))] == [
        ("a", "than he ever was"),
        ("b", "replied he"),
    ]
