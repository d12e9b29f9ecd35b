"""How the model reads a text."""

from typing import Any
from unicodedata import category

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted

# Cutlet reads it, all its letters and punctuation, and must not be called by two threads at once.
_NOT_BY_CHARACTER = "ja"


class Reader:
    """The model's tokenizer.

    Args:
        model: loaded.
    """

    def __init__(self, model: Any) -> None:
        self._tokenizer = model.tokenizer
        self._most_tokens: int = model.args.gpt_max_text_tokens
        self._vocabulary = model.tokenizer.tokenizer.get_vocab()

    def fits(self, text: str, language: str) -> bool:
        """Whether the model speaks a text in one piece.

        Raises:
            InvalidRequestError: it cannot be read.
        """
        most_characters: int = self._tokenizer.char_limits[language]
        return len(text) <= most_characters and len(self._tokens(text, language)) < self._most_tokens

    def unspeakable(self, text: str, language: str) -> str:
        """The characters that the model has no tokens for, each once. Any thread may call it."""
        return "".join(each for each in dict.fromkeys(text) if not self._is_read(each, language))

    def _is_read(self, character: str, language: str) -> bool:
        if language == _NOT_BY_CHARACTER:
            return category(character)[0] != "S" or character in self._vocabulary
        tokens = self._tokens(character, language)[1:]
        return not tokens or any(token != self._vocabulary["[UNK]"] for token in tokens)

    def _tokens(self, text: str, language: str) -> list[int]:
        """The token of the language, then those of the text."""
        try:
            tokens: list[int] = self._tokenizer.encode(text.strip().lower(), lang=language)
        except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError) as error:
            raise InvalidRequestError(
                f"The text {quoted(text)} cannot be read in the language {language!r}. "
                "Write its numbers in words.",
                param="input",
            ) from error
        return tokens
