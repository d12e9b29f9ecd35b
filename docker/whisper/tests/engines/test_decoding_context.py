"""How hotwords and prompt share the decoder's context."""

from spotscribe_whisper.engines.decoding_context import CONTEXT_TOKENS, fit_context


def tokens(count: int) -> list[int]:
    return list(range(count))


def test_what_fits_is_kept_whole() -> None:
    assert fit_context(tokens(100), tokens(100)) == (tokens(100), tokens(100), None)
    assert fit_context([], tokens(CONTEXT_TOKENS)) == ([], tokens(CONTEXT_TOKENS), None)
    assert fit_context(tokens(CONTEXT_TOKENS), []) == (tokens(CONTEXT_TOKENS), [], None)
    assert fit_context([], []) == ([], [], None)


def test_of_a_prompt_the_end_is_kept_and_of_hotwords_the_beginning() -> None:
    kept = fit_context(tokens(300), tokens(400))
    assert kept.hotwords == tokens(111)
    assert kept.prompt == tokens(400)[-112:]
    assert len(kept.hotwords) + len(kept.prompt) == CONTEXT_TOKENS
    assert kept.cut is not None
    assert "300" in kept.cut
    assert "400" in kept.cut


def test_what_hotwords_leave_goes_to_the_prompt() -> None:
    kept = fit_context(tokens(3), tokens(400))
    assert len(kept.prompt) == CONTEXT_TOKENS - 3
