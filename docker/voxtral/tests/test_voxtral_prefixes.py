"""Prompts that begin with the same audio, found by their tokens and their audio."""

import numpy as np
import pytest

from spotscribe_voxtral.engines.prompts import Prompt
from spotscribe_voxtral.engines.sharing.prefixes import prefixes_of

AUDIO = 24
ONE, OTHER = np.ones(8, np.float32), np.zeros(8, np.float32)


def test_questions_about_the_same_audio_have_one_beginning() -> None:
    prompts = [
        Prompt([1, 3, AUDIO, AUDIO, 7, 8], [ONE]),
        Prompt([1, 3, AUDIO, AUDIO, 9], [ONE.copy()]),
        Prompt([1, 3, AUDIO, AUDIO, 9], [OTHER]),
        Prompt([1, 3, 9], []),
    ]
    found = prefixes_of(prompts, AUDIO)
    assert found.shared
    assert found.places == [0, 0, 1, None]
    assert [prefix.tokens for prefix in found.distinct] == [[1, 3, AUDIO, AUDIO]] * 2
    assert [prefix.audio[0] is audio for prefix, audio in zip(found.distinct, (ONE, OTHER), strict=True)]
    assert [(rest.tokens, rest.audio) for rest in found.rest(prompts)] == [
        ([7, 8], []), ([9], []), ([9], []), ([1, 3, 9], []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        Prompt([1, 4, AUDIO, 9], [ONE]),
        Prompt([1, 3, AUDIO, 9], [OTHER]),
        Prompt([1, 3, AUDIO, AUDIO, 9], [ONE]),
        # More audio later: the text between belongs to its beginning.
        Prompt([1, 3, AUDIO, 9, AUDIO, 9], [ONE, OTHER]),
        Prompt([1, 3, AUDIO, 9], [ONE[:4]]),
        Prompt([1, 3, 9], []),
    ],
)
def test_other_tokens_or_other_audio_are_another_beginning(other: Prompt) -> None:
    assert not prefixes_of([Prompt([1, 3, AUDIO, 9], [ONE]), other], AUDIO).shared


def test_the_last_of_several_pieces_of_audio_ends_a_beginning() -> None:
    prompts = [Prompt([1, AUDIO, 7, AUDIO, last], [ONE, OTHER]) for last in (8, 9)]
    found = prefixes_of(prompts, AUDIO)
    assert found.shared
    assert [prefix.tokens for prefix in found.distinct] == [[1, AUDIO, 7, AUDIO]]


def test_prompts_without_audio_share_nothing() -> None:
    assert not prefixes_of([Prompt([1, 3, 9], []), Prompt([1, 3, 9], [])], AUDIO).shared
    assert not prefixes_of([], AUDIO).shared


def test_equal_words_behind_the_audio_are_read_once_too() -> None:
    prompts = [Prompt([1, AUDIO, 5, 6, 7, 8], [ONE]), Prompt([1, AUDIO, 5, 6, 9], [ONE])]
    found = prefixes_of(prompts, AUDIO)
    assert [prefix.tokens for prefix in found.distinct] == [[1, AUDIO, 5, 6]]
    assert [rest.tokens for rest in found.rest(prompts)] == [[7, 8], [9]]


def test_equal_prompts_keep_a_token_of_their_own() -> None:
    prompts = [Prompt([1, AUDIO, 5, 6], [ONE])] * 2
    assert [rest.tokens for rest in prefixes_of(prompts, AUDIO).rest(prompts)] == [[6], [6]]


def test_a_row_has_no_more_tokens_than_the_longest_audio_and_the_longest_text() -> None:
    """Else a batch would need more memory than was counted."""
    prompts = [
        Prompt([1, AUDIO, AUDIO, 5, 6, 7, 8], [ONE]), Prompt([1, AUDIO, AUDIO, 5, 6, 7, 9], [ONE]),
        Prompt([1, AUDIO, 5, 6, 9], [OTHER]), Prompt([1, AUDIO, 5, 7, 9, 10, 11], [OTHER]),
    ]  # fmt: skip
    found = prefixes_of(prompts, AUDIO)
    assert [prefix.tokens for prefix in found.distinct] == [[1, AUDIO, AUDIO, 5], [1, AUDIO, 5]]
    rests = [rest.tokens for rest in found.rest(prompts)]
    assert rests == [[6, 7, 8], [6, 7, 9], [6, 9], [7, 9, 10, 11]]
    # With a text alone, the beginnings get no words.
    text = Prompt([1, 3, 9], [])
    mixed = prefixes_of([*prompts, text], AUDIO)
    assert [prefix.tokens for prefix in mixed.distinct] == [[1, AUDIO, AUDIO], [1, AUDIO]]
