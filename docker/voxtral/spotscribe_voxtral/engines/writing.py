"""The answers of a batch as they are written: text piece by piece, and every reason to end early."""

import codecs
from collections.abc import Callable, Sequence
from typing import Any

from spotscribe_voxtral.engines.engine import Generated


class Writing:
    """Turns the tokens that Transformers' `generate` chooses into text, for each conversation of a batch.

    Args:
        prompt_tokens: lengths of the prompts, in the order of the conversations.
        end: the token that ends an answer.
        piece: the bytes of a token.
        said: told the number of a conversation and a piece of its answer.
        pause: called after each token, which is before the next; what it raises comes out of `add`.
    """

    def __init__(
        self,
        prompt_tokens: Sequence[int],
        end: int,
        piece: Callable[[int], bytes],
        said: Callable[[int, str], None],
        pause: Callable[[], None],
    ) -> None:
        self._answers = [_Answer(count) for count in prompt_tokens]
        self._end = end
        self._piece = piece
        self._said = said
        self._pause = pause

    def add(self, tokens: Any, _scores: Any) -> Any:
        """A stopping criterion that takes each conversation's last token and leaves stopping to others.

        Args:
            tokens: (conversations, tokens), the prompts included.

        Raises: what `pause` does.
        """
        last = tokens[:, -1]
        for number, (answer, token) in enumerate(zip(self._answers, last.tolist(), strict=True)):
            if answer.ended:
                continue
            if token == self._end:
                answer.ended = True
            elif piece := answer.add(self._piece(token)):
                self._said(number, piece)
        self._pause()
        return last.new_zeros(last.shape).bool()

    def finished(self) -> list[Generated]:
        """The answers; one that was cut within a character lacks that character."""
        return [
            Generated(
                text="".join(answer.pieces),
                finish="stop" if answer.ended else "length",
                prompt_tokens=answer.prompt_tokens,
                tokens=answer.tokens,
            )
            for answer in self._answers
        ]


class _Answer:
    """One answer. A character can be spread over tokens: its bytes wait until all of them are there."""

    def __init__(self, prompt_tokens: int) -> None:
        self.prompt_tokens = prompt_tokens
        self.tokens = 0
        self.pieces: list[str] = []
        self.ended = False
        # Bytes that are no UTF-8 at all become U+FFFD.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, piece: bytes) -> str:
        self.tokens += 1
        text = self._decoder.decode(piece)
        if text:
            self.pieces.append(text)
        return text
