"""Joins what was claimed of one window with what was claimed of the others, without a model."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from spotscribe_audio.speech.windows import Window
from spotscribe_common.contract import (
    ActionItem,
    AskedQuestion,
    Chapter,
    Claim,
    Entity,
    Evidence,
    Highlight,
    Topic,
)
from spotscribe_voxtral.analysis.shapes import (
    Written,
    WrittenActionItems,
    WrittenChapters,
    WrittenClaim,
    WrittenEntities,
    WrittenHighlight,
    WrittenHighlights,
    WrittenQuestions,
    WrittenTopics,
)

Answer_co = TypeVar("Answer_co", bound=Written, covariant=True)
SomeClaim = TypeVar("SomeClaim", bound=Claim)


@dataclass(frozen=True)
class Heard(Generic[Answer_co]):
    """What the model wrote about a window."""

    window: Window
    written: Answer_co


def same(text: str | None) -> str:
    """What two texts have in common that differ in case, spaces, Unicode's forms and closing marks alone."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold())
    return " ".join(folded.split()).strip(" .,;:!?…")


def evidence(window: Window, claim: WrittenClaim) -> list[Evidence]:
    """The claim's quote with the stretch in which it was heard; nothing if there is no quote."""
    return _quoted(window, claim.quote)


def _quoted(window: Window, quote: str) -> list[Evidence]:
    if not quote:
        return []
    return [Evidence(quote=quote, heard_from=round(window.start, 3), heard_to=round(window.end, 3))]


def without_repeats(pieces: Iterable[Evidence]) -> list[Evidence]:
    """Each quote once for each stretch."""
    return list({(same(one.quote), one.heard_from): one for one in reversed([*pieces])}.values())[::-1]


def topics(heard: Sequence[Heard[WrittenTopics]]) -> list[Topic]:
    """Those of one title are one topic."""
    claims = [
        Topic(title=topic.title, evidence=evidence(part.window, topic))
        for part in heard
        for topic in part.written.topics
    ]
    return _merged(claims, lambda topic: same(topic.title))


def action_items(heard: Sequence[Heard[WrittenActionItems]]) -> list[ActionItem]:
    """Those of one task are one item, unless they have different owners or times."""
    claims = [
        ActionItem(task=item.task, owner=item.owner, due=item.due, evidence=evidence(part.window, item))
        for part in heard
        for item in part.written.action_items
    ]
    return _merged(claims, lambda item: same(item.task), ("owner", "due"))


def questions(heard: Sequence[Heard[WrittenQuestions]]) -> list[AskedQuestion]:
    """Those of one wording are one question, unless they have different answers."""
    claims = [
        AskedQuestion(question=asked.question, answer=asked.answer, evidence=evidence(part.window, asked))
        for part in heard
        for asked in part.written.questions
    ]
    return _merged(claims, lambda asked: same(asked.question), ("answer",))


def entities(heard: Sequence[Heard[WrittenEntities]]) -> list[Entity]:
    """Those of one name and type are one: a river and a company may share a name."""
    claims = [
        Entity(name=entity.name, type=entity.type, evidence=evidence(part.window, entity))
        for part in heard
        for entity in part.written.entities
    ]
    return _merged(claims, lambda entity: (same(entity.name), entity.type))


def chapters(heard: Sequence[Heard[WrittenChapters]]) -> list[Chapter]:
    """All of them. One that goes on in the next window under its title is one chapter."""
    found: list[Chapter] = []
    for part in heard:
        for at, chapter in enumerate(part.written.chapters):
            goes_on = at == 0 and found and same(found[-1].title) == same(chapter.title)
            if not goes_on:
                found.append(Chapter(title=chapter.title, evidence=evidence(part.window, chapter)))
    return found


def highlights(heard: Sequence[Heard[WrittenHighlights]]) -> list[Highlight]:
    """The best of each window first, then the second of each, and so on.

    The model hears one window at a time, so that it cannot compare passages of different windows.
    """
    ranked = [
        (rank, Highlight(title=one.title, reason=one.reason, evidence=_ends(part.window, one)))
        for part in heard
        for rank, one in enumerate(part.written.highlights)
    ]
    return [highlight for _, highlight in sorted(ranked, key=lambda each: each[0])]


def _ends(window: Window, highlight: WrittenHighlight) -> list[Evidence]:
    return without_repeats([*evidence(window, highlight), *_quoted(window, highlight.ending)])


def _merged(
    claims: Iterable[SomeClaim], key: Callable[[SomeClaim], object], details: Sequence[str] = ()
) -> list[SomeClaim]:
    """The claims in the order in which they were first heard, with the evidence of all that say the same.

    Args:
        claims: in the order of the recording.
        key: equal for claims that say the same.
        details: fields that one claim may lack and another have, but that must not differ.
    """
    merged: list[SomeClaim] = []
    places: dict[object, list[int]] = {}
    for claim in claims:
        rivals = places.setdefault(key(claim), [])
        at = next((at for at in rivals if _agree(merged[at], claim, details)), None)
        if at is None:
            rivals.append(len(merged))
            merged.append(claim)
        else:
            merged[at] = _both(merged[at], claim, details)
    return [claim.model_copy(update={"evidence": without_repeats(claim.evidence)}) for claim in merged]


def _agree(one: Claim, other: Claim, details: Sequence[str]) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in details]
    return all(left is None or right is None or same(left) == same(right) for left, right in pairs)


def _both(one: SomeClaim, other: SomeClaim, details: Sequence[str]) -> SomeClaim:
    filled = {name: getattr(one, name) or getattr(other, name) for name in details}
    return one.model_copy(update={**filled, "evidence": [*one.evidence, *other.evidence]})
