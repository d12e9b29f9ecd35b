"""Picks out of what was said what tells most: the answers of an engine that understands nothing.

A stretch is a sentence or a part of one: words in lower case without marks, with spaces between.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from spotscribe_voxtral.engines.laptop import english
from spotscribe_voxtral.engines.laptop.subjects import subjects
from spotscribe_voxtral.engines.laptop.telling import content_words, most_telling, root

_SUMMARY_WORDS = 60
_JOINED_WORDS = 180
_MOST_TOPICS = 5
_MOST_ENTRIES = 15
_TITLE_WORDS = 8
# Words of a quote on each side of what it is about.
_AROUND = 4
# Words after a negation that it may turn: "not a very good".
_NEGATED = 3


def summary(stretches: Sequence[str]) -> dict[str, Any]:
    """The most telling stretches: at most half of what is said."""
    most = min(sum(len(stretch.split()) for stretch in stretches) // 2, _SUMMARY_WORDS)
    return {"summary": " ".join(map(sentence, most_telling(stretches, most)))}


def topics(stretches: Sequence[str]) -> dict[str, Any]:
    """The words that are said most often, longer ones first among equals."""
    return {"topics": [_topic(stretches, word) for word in _most_said(stretches)[:_MOST_TOPICS]]}


def action_items(stretches: Sequence[str]) -> dict[str, Any]:
    """Orders, requests, and what somebody says that somebody will do; for whom is not told."""
    items = [
        {"quote": stretch, "task": sentence(stretch), "owner": None, "due": _due(stretch)}
        for stretch in stretches
        if _is_task(stretch.split())
    ]
    return {"action_items": items[:_MOST_ENTRIES]}


def questions(stretches: Sequence[str]) -> dict[str, Any]:
    """What has the order of words that questions have; what answers it is not told."""
    asked = [
        {"quote": stretch, "question": f"{sentence(stretch)[:-1]}?", "answer": None}
        for stretch in stretches
        if _is_question(stretch.split())
    ]
    return {"questions": asked[:_MOST_ENTRIES]}


def sentiment(stretches: Sequence[str]) -> dict[str, Any]:
    """Which of kind and harsh words there are more of."""
    if not stretches:
        return {"quote": "", "reason": "", "overall": None}
    moods = [mood for stretch in stretches for mood in _moods(stretch)]
    kind, harsh = (sum(way == wanted for _, way in moods) for wanted in (1, -1))
    named = ", ".join(dict.fromkeys(word for word, _ in moods))
    overall = "neutral" if not moods else "mixed"
    if kind != harsh:
        overall = "positive" if kind > harsh else "negative"
    return {
        "quote": max(stretches, key=lambda stretch: len(_moods(stretch))),
        "reason": f"Words of a mood: {named}." if moods else "No word of a mood is said.",
        "overall": overall,
    }


def entities(stretches: Sequence[str]) -> dict[str, Any]:
    """Days, months, and numbers with what they count: a recogniser without capitals tells no names."""
    found = [
        {"quote": _around(stretch.split(), start, end), "name": name, "type": kind}
        for stretch in stretches
        for name, kind, start, end in _named(stretch.split())
    ]
    return {"entities": list({entry["name"]: entry for entry in reversed(found)}.values())[::-1][:20]}


def chapters(stretches: Sequence[str]) -> dict[str, Any]:
    """A part for each subject, with the two words as its title that are said most often there."""
    return {"chapters": [{"quote": part[0], "title": _title(part)} for part in subjects(stretches)]}


def highlights(stretches: Sequence[str]) -> dict[str, Any]:
    """The most telling stretch."""
    reason = "Of all sentences of this part, it has the most words that are said often."
    return {
        "highlights": [
            {"quote": stretch, "ending": stretch, "title": _shortened(sentence(stretch)), "reason": reason}
            for stretch in most_telling(stretches, 1)
        ]
    }


def answers(stretches: Sequence[str], asked: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """For each question the stretch that is closest to it.

    Args:
        stretches: what was said.
        asked: `number` and `question` of each.
    """
    return {"answers": [_answer(stretches, int(one["number"]), str(one["question"])) for one in asked]}


def closest(stretches: Sequence[str], question: str) -> tuple[str, str | None]:
    """The stretch that shares most telling words with a question, and the same as a sentence; else none.

    A question is no answer, and of several stretches the shortest is taken.
    """
    told = sorted((stretch for stretch in stretches if not _is_question(stretch.split())), key=len)
    wanted = set(content_words(question))
    best = max(told, key=lambda stretch: len(wanted.intersection(content_words(stretch))), default="")
    return (best, sentence(best)) if wanted.intersection(content_words(best)) else ("", None)


def text(sentences: Sequence[str]) -> dict[str, Any]:
    """Several texts as one: each sentence once, and of many the most telling."""
    return {"text": " ".join(most_telling(list(dict.fromkeys(sentences)), _JOINED_WORDS))}


def sentence(stretch: str) -> str:
    """As people write it."""
    return f"{stretch[:1].upper()}{stretch[1:]}."


def _most_said(stretches: Sequence[str]) -> list[str]:
    """Roots of content words."""
    counts = Counter(word for stretch in stretches for word in content_words(stretch))
    return sorted(counts, key=lambda word: (-counts[word], -len(word)))


def _title(stretches: Sequence[str]) -> str:
    words = [_topic(stretches, word)["title"] for word in _most_said(stretches)[:2]]
    return " and ".join(words).capitalize() or _shortened(sentence(stretches[0]))


def _shortened(text: str) -> str:
    words = text.split()
    return text if len(words) <= _TITLE_WORDS else f"{' '.join(words[:_TITLE_WORDS])}…"


def _topic(stretches: Sequence[str], wanted: str) -> dict[str, str]:
    words = next(stretch for stretch in stretches if wanted in content_words(stretch)).split()
    at = next(at for at, word in enumerate(words) if root(word) == wanted)
    return {"quote": _around(words, at, at + 1), "title": words[at]}


def _around(words: Sequence[str], start: int, end: int) -> str:
    return " ".join(words[max(start - _AROUND, 0) : end + _AROUND])


def _is_task(words: Sequence[str]) -> bool:
    if _is_question(words):
        return False
    pairs = pairwise(words)
    return (
        words[0] in english.ORDERS
        or any(word in english.PROMISES for word in words)
        or any(who in english.PEOPLE and does in english.UNDERTAKING for who, does in pairs)
    )


def _is_question(words: Sequence[str]) -> bool:
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in english.QUESTION_WORDS:
        # "When the work is done" asks nothing.
        return second in english.AUXILIARIES or (first == "how" and second in english.MEASURES)
    return first in english.ASKING or (first in english.AUXILIARIES and second in english.SUBJECTS)


def _due(stretch: str) -> str | None:
    return next((word for word in stretch.split() if word in english.DAYS), None)


def _moods(stretch: str) -> list[tuple[str, int]]:
    """Each word with a mood, as 1 for a kind and -1 for a harsh one; a negation shortly before turns it."""
    words = stretch.split()
    found = []
    for at, word in enumerate(words):
        way = (word in english.KIND_WORDS) - (word in english.HARSH_WORDS)
        if way:
            turned = any(before in english.NEGATIONS for before in words[max(at - _NEGATED, 0) : at])
            found.append((word, -way if turned else way))
    return found


def _named(words: Sequence[str]) -> list[tuple[str, str, int, int]]:
    found = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _is_number(words[end]):
            end += 1
        if words[at] in english.DAYS:
            found.append((words[at], "date", at, at + 1))
        elif end > at and end < len(words) and words[end] in english.UNITS:
            end += 1
            found.append((" ".join(words[at:end]), "amount", at, end))
        at = max(end, at + 1)
    return found


def _is_number(word: str) -> bool:
    return word in english.NUMBERS or word.isdecimal()


def _answer(stretches: Sequence[str], number: int, question: str) -> dict[str, Any]:
    quote, answer = closest(stretches, question)
    return {"number": number, "quote": quote, "answer": answer}
