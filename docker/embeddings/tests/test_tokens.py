"""Texts as tokens: special ones around them, limits, instructions."""

import pytest

from spotscribe_embeddings.engines.minilm import MiniLmEngine
from spotscribe_embeddings.engines.tokens import MOST_CHARACTERS, TextTokenizer
from spotscribe_testing.models.scripted_texts import word_tokenizer

CLS, SEP = 1, 2


@pytest.fixture
def tokenizer() -> TextTokenizer:
    return TextTokenizer(word_tokenizer(), 6)


def test_special_tokens_stand_around_a_text(tokenizer: TextTokenizer) -> None:
    [read] = tokenizer.read(["w0 w1"])
    assert (read.ids, read.length, read.is_cut) == ([CLS, 3, 4, SEP], 4, False)
    assert tokenizer.read_ids([3, 4]) == read


def test_a_long_text_keeps_its_last_special_token(tokenizer: TextTokenizer) -> None:
    [read] = tokenizer.read(["w0 w1 w2 w3 w4 w5"])
    assert (read.ids, read.length, read.is_cut) == ([CLS, 3, 4, 5, 6, SEP], 8, True)
    assert tokenizer.read_ids([3, 4, 5, 6, 7, 8]) == read


def test_an_instruction_stands_before_the_text(tokenizer: TextTokenizer) -> None:
    [read] = tokenizer.read(["w0"], "w1 w2 ")
    assert read.ids == [CLS, 4, 5, 3, SEP]
    assert tokenizer.read_ids([3], "w1 w2 ") == read
    assert tokenizer.prompt_tokens("w1 w2 ") == 3
    assert tokenizer.prompt_tokens("") == 0


def test_an_enormous_text_is_cut_before_it_is_read() -> None:
    tokenizer = TextTokenizer(word_tokenizer(), 1 << 20)
    [read] = tokenizer.read(["w0 " * MOST_CHARACTERS])
    assert read.is_cut
    assert len(read.ids) < MOST_CHARACTERS


def test_a_tokenizer_without_special_tokens() -> None:
    plain = word_tokenizer()
    plain.post_processor = None
    tokenizer = TextTokenizer(plain, 6)
    assert tokenizer.read(["w0"])[0].ids == tokenizer.read_ids([3]).ids == [3]


def test_the_real_tokenizer(minilm: MiniLmEngine) -> None:
    [read] = minilm.tokenizer.read(["Hello world"])
    assert read.ids == [101, 7592, 2088, 102]
    assert minilm.tokenizer.read_ids([7592, 2088]) == read
    assert minilm.tokenizer.vocabulary == 30522
