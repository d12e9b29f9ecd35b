"""Stretches of a corpus whose texts are read as tokens together."""

from collections.abc import Iterator
from dataclasses import dataclass

from spotscribe_common.contract import RowFailure
from spotscribe_embeddings.corpus.parts import Embedded
from spotscribe_embeddings.corpus.reading import Corpus, Row
from spotscribe_embeddings.corpus.totals import failure
from spotscribe_embeddings.engines.tokens import TextTokenizer, Tokens

_MOST_ROWS = 2048
_MOST_CHARACTERS = 4 << 20


@dataclass(frozen=True)
class Window:
    """Rows of a stretch, as the model reads them.

    Attributes:
        embedded: rows that can be embedded, in the order of their lengths.
        ids: their token ids.
        failures: the other rows.
        at: how much of the corpus has been read, 0 to 1.
    """

    embedded: list[Embedded]
    ids: list[list[int]]
    failures: list[RowFailure]
    at: float


def windows(corpus: Corpus, most_rows: int) -> Iterator[list[Row]]:
    """The rows of a corpus, in stretches of at most so many."""
    rows: list[Row] = []
    characters = 0
    for row in corpus:
        rows.append(row)
        characters += len(row.text or "")
        if len(rows) >= min(most_rows, _MOST_ROWS) or characters >= _MOST_CHARACTERS:
            yield rows
            rows, characters = [], 0
    if rows:
        yield rows


def read_window(rows: list[Row], tokenizer: TextTokenizer, instruction: str, *, truncate: bool) -> Window:
    """Reads the rows' texts as tokens.

    Args:
        rows: at least one.
        tokenizer: of the model.
        instruction: for each text.
        truncate: whether texts that are too long are cut. Otherwise their rows fail.
    """
    failures = [failure(row.number, row.reason) for row in rows if row.reason is not None]
    found: list[tuple[Row, Tokens]] = []
    texts = [row for row in rows if isinstance(row.text, str)]
    found.extend(zip(texts, tokenizer.read([str(row.text) for row in texts], instruction), strict=True))
    for row in rows:
        if not isinstance(row.text, list):
            continue
        unknown = next((each for each in row.text if each >= tokenizer.vocabulary), None)
        if unknown is None:
            found.append((row, tokenizer.read_ids(row.text, instruction)))
        else:
            failures.append(failure(row.number, f"{unknown} is not a token id of the model."))
    if not truncate:
        long = [(row, tokens) for row, tokens in found if tokens.is_cut]
        failures += [failure(row.number, _too_long(tokens, tokenizer.most_tokens)) for row, tokens in long]
        found = [(row, tokens) for row, tokens in found if not tokens.is_cut]
    found.sort(key=lambda each: len(each[1].ids))
    return Window(
        [Embedded(row.number, row.id, len(tokens.ids), tokens.is_cut) for row, tokens in found],
        [tokens.ids for _, tokens in found],
        failures,
        rows[-1].at,
    )


def _too_long(tokens: Tokens, most: int) -> str:
    return f"The text has {tokens.length} tokens, and the model reads at most {most}."
