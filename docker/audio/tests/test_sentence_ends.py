"""Which words end a sentence."""

import pytest

from spotscribe_audio.language.sentence_ends import ends_sentence


@pytest.mark.parametrize("word", ["done.", "what?”", "stop!)", "。", "wait…", "ما؟", "है।", "B?", "5."])
def test_a_mark_ends_a_sentence(word: str) -> None:
    assert ends_sentence(word)


@pytest.mark.parametrize("word", ["done", "well,", "Mr.", "J.", "3.5", ""])
def test_titles_initials_and_other_marks_do_not(word: str) -> None:
    assert not ends_sentence(word)
