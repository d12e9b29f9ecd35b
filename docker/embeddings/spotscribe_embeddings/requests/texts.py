"""The texts of a request, as the model reads them."""

from collections.abc import Sequence
from typing import Any

from spotscribe_common.errors import InvalidRequestError
from spotscribe_embeddings.engines.tokens import TextTokenizer, Tokens

# OpenAI's limits: https://platform.openai.com/docs/api-reference/embeddings/create
MOST_INPUTS = 2048
MOST_TOKENS = 300_000
# A longer one has more tokens than any model reads, and takes seconds to count.
_MOST_CHARACTERS = 1_000_000


def inputs_of(value: Any) -> list[str] | list[list[int]]:
    """The texts, or the lists of token ids, in `input`.

    Raises:
        InvalidRequestError: it is neither, is empty, or is too long a list.
    """
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        raise _invalid(
            "input", "must be a text, a list of texts, a list of token ids, or a list of such lists"
        )
    if not value:
        raise _invalid("input", "is an empty list. Send at least one text")
    if _is_id(value[0]):
        value = [value]
    if len(value) > MOST_INPUTS:
        raise _invalid(
            "input",
            f"has {len(value)} entries, and at most {MOST_INPUTS} are accepted. Send several requests",
        )
    check = _check_text if isinstance(value[0], str) else _check_ids
    for index, entry in enumerate(value):
        check(index, entry)
    checked: list[str] | list[list[int]] = value
    return checked


def tokens_of(
    inputs: list[str] | list[list[int]], tokenizer: TextTokenizer, instruction: str, *, truncate: bool
) -> list[Tokens]:
    """The tokens of each input.

    Raises:
        InvalidRequestError: one has more than the model reads, all have too many, or an id is unknown.
    """
    texts = [entry for entry in inputs if isinstance(entry, str)]
    read = tokenizer.read(texts, instruction)
    for index, entry in enumerate(inputs):
        if isinstance(entry, list):
            _check_known(index, entry, tokenizer.vocabulary)
            read.append(tokenizer.read_ids(entry, instruction))
    for index, tokens in enumerate(read):
        if tokens.is_cut and not truncate:
            raise _invalid(
                f"input[{index}]",
                f"has {tokens.length} tokens or more, and the model reads at most {tokenizer.most_tokens}. "
                'Shorten it, or send "truncate": true to have its end left out',
            )
    total = sum(len(tokens.ids) for tokens in read)
    if total > MOST_TOKENS:
        raise _invalid(
            "input", f"has {total} tokens, and at most {MOST_TOKENS} are accepted. Send several requests"
        )
    return read


def _check_text(index: int, entry: Any) -> None:
    if not isinstance(entry, str):
        raise _invalid(f"input[{index}]", "is not a text, as the first entry is. Send only texts")
    if not entry.strip():
        raise _invalid(f"input[{index}]", "is empty. Send at least one character that is not a space")
    if len(entry) > _MOST_CHARACTERS:
        raise _invalid(
            f"input[{index}]",
            f"has {len(entry)} characters, and at most {_MOST_CHARACTERS} are accepted. Split it",
        )


def _check_ids(index: int, entry: Any) -> None:
    if not isinstance(entry, list) or not entry or not all(_is_id(each) for each in entry):
        raise _invalid(f"input[{index}]", "is neither a text nor a list of token ids")


def _check_known(index: int, ids: Sequence[int], vocabulary: int) -> None:
    unknown = next((each for each in ids if not 0 <= each < vocabulary), None)
    if unknown is not None:
        raise _invalid(
            f"input[{index}]",
            f"has the token id {unknown}, and those of this model are 0 to {vocabulary - 1}. "
            "Send texts, or the ids of the model's own tokenizer",
        )


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _invalid(param: str, complaint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{param} {complaint}.", param=param)
