"""Beginnings that prompts have in common: the model listens to the same audio once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotscribe_voxtral.engines.prompts import Prompt


@dataclass(frozen=True)
class Prefixes:
    """The beginnings of a batch's prompts, each up to its last token of audio.

    Attributes:
        distinct: each beginning once, with its audio.
        places: for each prompt, where its beginning is in `distinct`; None if the prompt has no audio.
    """

    distinct: list[Prompt]
    places: list[int | None]

    @property
    def shared(self) -> bool:
        """Whether two prompts have the same beginning."""
        return len(self.distinct) < sum(place is not None for place in self.places)

    def rest(self, prompts: Sequence[Prompt]) -> list[Prompt]:
        """What follows the beginning of each prompt: text alone."""
        lengths = [0 if place is None else len(self.distinct[place].tokens) for place in self.places]
        return [Prompt(prompt.tokens[length:], []) for prompt, length in zip(prompts, lengths, strict=True)]


def prefixes_of(prompts: Sequence[Prompt], audio_token: int) -> Prefixes:
    """Finds equal beginnings: the same tokens and the same audio.

    Args:
        prompts: of one batch.
        audio_token: the token that stands for audio.
    """
    distinct: list[Prompt] = []
    places: list[int | None] = []
    for prompt in prompts:
        prefix = _prefix(prompt, audio_token)
        if prefix is None:
            places.append(None)
            continue
        place = next((at for at, found in enumerate(distinct) if _equal(found, prefix)), len(distinct))
        if place == len(distinct):
            distinct.append(prefix)
        places.append(place)
    return Prefixes(distinct, places)


def _prefix(prompt: Prompt, audio_token: int) -> Prompt | None:
    if not prompt.audio:
        return None
    last = len(prompt.tokens) - prompt.tokens[::-1].index(audio_token)
    return Prompt(prompt.tokens[:last], prompt.audio)


def _equal(one: Prompt, other: Prompt) -> bool:
    return (
        one.tokens == other.tokens
        and len(one.audio) == len(other.audio)
        and all(a is b or np.array_equal(a, b) for a, b in zip(one.audio, other.audio, strict=True))
    )
