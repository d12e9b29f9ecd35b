"""Answers that keep to a JSON schema: before each token, all others that the schema forbids are ruled out."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from spotscribe_common.errors import InternalError, InvalidRequestError

# The analysis of a recording uses up to eight of them.
_MOST_COMPILED = 32
# As `json.dumps` writes it. Free white space would let a model write it without end.
_WRITING = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    # Without \u: every character is written as itself, and control characters are not written.
    "json_allowed_escapes": 'nrt\\"',
}
_MESSAGE_CHARACTERS = 300


class Vocabulary(Protocol):
    """The tokens of a model."""

    @property
    def begin(self) -> int:
        """The token that begins a prompt."""

    @property
    def end(self) -> int:
        """The token that ends an answer."""

    @property
    def tokens(self) -> int:
        """How many there are."""

    @property
    def control_tokens(self) -> int:
        """The first so many stand for no text."""

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for."""

    def encoded(self, text: str) -> list[int]:
        """The tokens of a text."""


class Grammars:
    """Compiles JSON schemas with llguidance, and keeps those that were used last.

    Figures for the 131 072 tokens of Mistral's vocabulary, on one core: 1 s and 56 MB for this object, 1 to
    5 ms for a schema of a task, up to 30 ms for the largest that a caller may send, and 0.3 to 2 ms for each
    token of an answer (docs/decisions/059-your-own-json.md).
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        from llguidance import (  # noqa: PLC0415
            LLMatcher,
            LLParserLimits,
            LLTokenizer,
            TokenizerWrapper,
        )

        self._matcher = LLMatcher
        self._tokenizer = LLTokenizer(
            TokenizerWrapper(_Encoder(vocabulary)), slices=LLTokenizer.json_slices()
        )
        # Its limits bound time and memory of a hostile schema. Its messages could quote answers.
        self._limits = LLParserLimits(verbose_errors=False)
        self._tokens = vocabulary.tokens
        self._compiled: OrderedDict[str, Any] = OrderedDict()

    def constraint(self, schemas: Sequence[Mapping[str, Any] | None]) -> "Constraint":
        """A logits processor for one batch.

        Args:
            schemas: of each conversation's answer; None permits any text.

        Raises:
            InvalidRequestError: a schema cannot be compiled.
        """
        return Constraint([None if one is None else self._begun(one) for one in schemas], self._tokens)

    def _begun(self, schema: Mapping[str, Any]) -> Any:
        key = json.dumps(schema)
        compiled = self._compiled.pop(key, None) or self._compile(key)
        self._compiled[key] = compiled
        if len(self._compiled) > _MOST_COMPILED:
            self._compiled.popitem(last=False)
        return compiled.deep_copy()

    def _compile(self, schema: str) -> Any:
        grammar = self._matcher.grammar_from_json_schema(schema, overrides=_WRITING)
        compiled = self._matcher(self._tokenizer, grammar, log_level=0, limits=self._limits)
        if compiled.is_error():
            raise InvalidRequestError(
                f"The JSON schema cannot be used: {compiled.get_error()[:_MESSAGE_CHARACTERS]}"
            )
        return compiled


class Constraint:
    """Follows the answers of one batch, and rules out the tokens that their schemas forbid."""

    def __init__(self, matchers: Sequence[Any | None], tokens: int) -> None:
        self._matchers = matchers
        self._tokens = tokens
        self._has_begun = False

    def apply(self, tokens: Any, scores: Any) -> Any:
        """A logits processor of Transformers.

        Args:
            tokens: (conversations, tokens); in the first call those of the prompts.
            scores: (conversations, vocabulary).

        Raises:
            InternalError: an answer left its schema, or a schema needs too much time for a token.
        """
        if self._has_begun:
            for matcher, token in zip(self._matchers, tokens[:, -1].tolist(), strict=True):
                # What follows the end of an answer is padding.
                if matcher is not None and not matcher.is_stopped():
                    matcher.consume_token(token)
        self._has_begun = True
        permitted = np.ones(scores.shape, dtype=bool)
        for row, matcher in enumerate(self._matchers):
            if matcher is not None:
                permitted[row] = self._permitted(matcher, scores.shape[1])
        if permitted.all():
            return scores
        import torch  # noqa: PLC0415

        return scores.masked_fill(~torch.from_numpy(permitted).to(scores.device), float("-inf"))

    def _permitted(self, matcher: Any, width: int) -> Any:
        """(vocabulary,) truth values. After the whole JSON, only the token that ends an answer is true."""
        mask = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        if matcher.is_error():
            raise InternalError(
                "The answer could not be kept to its JSON schema: "
                f"{matcher.get_error()[:_MESSAGE_CHARACTERS]}"
            )
        bits = np.unpackbits(mask, bitorder="little")[: self._tokens].astype(bool)
        # A model's output may be padded beyond its vocabulary.
        return np.pad(bits, (0, width - bits.size))


class _Encoder:
    """A vocabulary under the names that llguidance reads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.bos_token_id = vocabulary.begin
        self.eos_token_id = vocabulary.end
        self.tokens = [vocabulary.piece(token) for token in range(vocabulary.tokens)]
        self.special_token_ids = [*range(vocabulary.control_tokens)]

    def __call__(self, text: str | bytes) -> list[int]:
        return self._vocabulary.encoded(text.decode() if isinstance(text, bytes) else text)
