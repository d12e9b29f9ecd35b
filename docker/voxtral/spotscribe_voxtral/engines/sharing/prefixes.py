"""Beginnings that prompts have in common: the model listens to the same audio once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotscribe_voxtral.engines.prompts import Prompt


@dataclass(frozen=True)
class Prefixes:
    """The beginnings of a batch's prompts: all audio, and the words behind it that they share.

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
        """What follows the beginning of each prompt: text alone, at least one token."""
        lengths = [0 if place is None else len(self.distinct[place].tokens) for place in self.places]
        return [Prompt(prompt.tokens[length:], []) for prompt, length in zip(prompts, lengths, strict=True)]


def prefixes_of(prompts: Sequence[Prompt], audio_token: int) -> Prefixes:
    """Finds equal beginnings: the same tokens and the same audio.

    Words behind the audio belong to the beginnings, too, as far as they are equal. All beginnings get as many
    of them as the one with the fewest, and none if a prompt has no audio: a row, which is the longest
    beginning and the longest rest, then has no more tokens than the longest audio and the longest text.

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
    if None in places or not distinct:
        return Prefixes(distinct, places)
    texts = [rest.tokens for rest in Prefixes(distinct, places).rest(prompts)]
    of_prefix = [
        [text for text, at in zip(texts, places, strict=True) if at == place]
        for place in range(len(distinct))
    ]
    words = min(_common(each) for each in of_prefix)
    longer = [
        Prompt(prefix.tokens + own[0][:words], prefix.audio)
        for prefix, own in zip(distinct, of_prefix, strict=True)
    ]
    return Prefixes(longer, places)


def _common(texts: Sequence[Sequence[int]]) -> int:
    """How many tokens all texts begin with; the last one of a text is always its own."""
    most = min(len(text) for text in texts) - 1
    return next((at for at in range(most) if len({text[at] for text in texts}) > 1), most)


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
