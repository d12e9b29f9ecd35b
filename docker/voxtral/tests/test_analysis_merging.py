"""What becomes of findings about several windows: without a model, and by rules that can be read off."""

from typing import Any

import pytest

from spotscribe_audio.speech.windows import Window
from spotscribe_voxtral.analysis import merging
from spotscribe_voxtral.analysis.merging import Heard
from spotscribe_voxtral.analysis.sentiment import overall_sentiment
from spotscribe_voxtral.analysis.shapes import (
    WrittenActionItems,
    WrittenChapters,
    WrittenEntities,
    WrittenHighlights,
    WrittenQuestions,
    WrittenSentiment,
    WrittenTopics,
)
from spotscribe_voxtral.analysis.stretches import named


def in_windows(shape: Any, *windows: Any) -> list[Heard[Any]]:
    """One window of 100 s for each list of claims."""
    name = next(iter(shape.model_fields))
    return [
        Heard(Window(at * 100.0, at * 100.0 + 100), shape.model_validate({name: claims}))
        for at, claims in enumerate(windows)
    ]


def topic(title: str, quote: str = "words") -> dict[str, str]:
    return {"title": title, "quote": quote}


def test_topics_of_one_title_are_one_with_all_their_evidence() -> None:
    found = merging.topics(
        in_windows(
            WrittenTopics,
            [topic("Release date", "on Friday"), topic("Budget")],
            [topic("\uff32elease  DATE.", "too early"), topic("RELEASE DATE", "Too early!")],
            [topic("Straße", "a")],
            [topic("STRASSE", "b"), topic("Cafe\u0301", "c")],
            [topic("café", "d")],
        )
    )
    assert [one.title for one in found] == ["Release date", "Budget", "Straße", "Cafe\u0301"]
    assert [(e.quote, e.heard_from, e.heard_to) for e in found[0].evidence] == [
        ("on Friday", 0, 100),
        ("too early", 100, 200),
    ]
    assert [e.quote for e in found[2].evidence] == ["a", "b"]
    assert [e.quote for e in found[3].evidence] == ["c", "d"]


def test_a_chapter_that_goes_on_in_the_next_window_is_one_and_begins_where_it_began() -> None:
    found = merging.chapters(
        in_windows(
            WrittenChapters,
            [topic("Bees", "a"), topic("Honey", "b")],
            [topic("HONEY.", "c"), topic("Bees", "d"), topic("Bees", "e")],
            [],
            [topic("Bees", "f"), topic("Wax", "g")],
        )
    )
    assert [(one.title, [e.quote for e in one.evidence]) for one in found] == [
        ("Bees", ["a"]),
        ("Honey", ["b"]),
        ("Bees", ["d"]),
        ("Bees", ["e"]),
        ("Wax", ["g"]),
    ]


def test_the_best_highlight_of_each_window_is_before_the_second_of_any() -> None:
    def passage(title: str, ending: str) -> dict[str, str]:
        return {**topic(title), "ending": ending, "reason": "It is."}

    found = merging.highlights(
        in_windows(
            WrittenHighlights,
            [passage("A", "end"), passage("B", "words")],
            [],
            [passage("C", "")],
        )
    )
    assert [one.title for one in found] == ["A", "C", "B"]
    assert [[e.quote for e in one.evidence] for one in found] == [["words", "end"], ["words"], ["words"]]
    assert [(e.heard_from, e.heard_to) for e in found[0].evidence] == [(0, 100), (0, 100)]


def test_the_same_words_in_two_windows_are_two_pieces_of_evidence() -> None:
    found = merging.topics(in_windows(WrittenTopics, [topic("A", "hello")], [topic("A", "hello")]))
    assert [e.heard_from for e in found[0].evidence] == [0, 100]


def test_a_claim_without_a_quote_stays_and_shows_that_it_has_none() -> None:
    found = merging.topics(in_windows(WrittenTopics, [topic("A", "")]))
    assert (found[0].title, found[0].evidence) == ("A", [])


def test_names_that_only_look_alike_stay_apart() -> None:
    found = merging.topics(in_windows(WrittenTopics, [topic("C"), topic("C++"), topic("C#")]))
    assert len(found) == 3
    entity = {"quote": "Amazon", "name": "Amazon"}
    rivals = [{**entity, "type": "place"}, {**entity, "type": "organization"}]
    assert len(merging.entities(in_windows(WrittenEntities, rivals, rivals))) == 2


def test_an_action_item_is_filled_by_what_another_window_knows_of_it_but_not_contradicted() -> None:
    def item(owner: str | None, due: str | None) -> dict[str, Any]:
        return {"task": "Write the changelog", "owner": owner, "due": due, "quote": f"{owner} {due}"}

    found = merging.action_items(
        in_windows(
            WrittenActionItems,
            [item("Ines", None)],
            [item(None, "by Thursday")],
            [item("Tom", None)],
            [item("ines", "by Friday")],
        )
    )
    assert [(one.owner, one.due) for one in found] == [
        ("Ines", "by Thursday"),
        ("Tom", None),
        ("ines", "by Friday"),
    ]
    assert len(found[0].evidence) == 2


def test_a_question_gets_the_answer_that_is_given_later() -> None:
    asked = {"question": "Who tests it?", "quote": "who tests it"}
    found = merging.questions(
        in_windows(
            WrittenQuestions,
            [{**asked, "answer": None}],
            [{**asked, "answer": "Ann"}],
            [{**asked, "answer": "Bob"}],
        )
    )
    assert [(one.question, one.answer) for one in found] == [
        ("Who tests it?", "Ann"),
        ("Who tests it?", "Bob"),
    ]


def moods(*parts: tuple[str | None, float]) -> list[Heard[WrittenSentiment]]:
    heard, start = [], 0.0
    for at, (mood, length) in enumerate(parts):
        written = {"overall": mood, "reason": f"Reason {at}.", "quote": f"quote {at}"}
        heard.append(Heard(Window(start, start + length), WrittenSentiment.model_validate(written)))
        start += length
    return heard


@pytest.mark.parametrize(
    ("parts", "overall", "reason", "quotes"),
    [
        ([("negative", 5)], "negative", "Reason 0.", [0]),
        ([("positive", 10), ("positive", 20), ("neutral", 10)], "positive", "Reason 1.", [0, 1]),
        ([("positive", 75), ("negative", 25)], "mixed", "Reason 0. Reason 1.", [0, 1]),
        ([("positive", 76), ("negative", 24)], "positive", "Reason 0.", [0]),
        ([("mixed", 50), ("neutral", 50)], "mixed", "Reason 0.", [0]),
        ([("mixed", 40), ("neutral", 60)], "neutral", "Reason 1.", [1]),
        ([("mixed", 30), ("positive", 70)], "positive", "Reason 1.", [1]),
        ([("neutral", 50), ("positive", 50)], "neutral", "Reason 0.", [0]),
        ([("neutral", 100), (None, 900), ("negative", 200)], "negative", "Reason 2.", [2]),
    ],
)
def test_the_overall_mood_is_that_of_most_of_the_time_or_mixed(
    parts: list[tuple[str | None, float]], overall: str, reason: str, quotes: list[int]
) -> None:
    found = overall_sentiment(moods(*parts))
    assert found is not None
    assert (found.overall, found.reason) == (overall, reason)
    assert [e.quote for e in found.evidence] == [f"quote {at}" for at in quotes]


def test_where_nobody_speaks_there_is_no_mood() -> None:
    assert overall_sentiment(moods((None, 10), (None, 20))) is None


def test_stretches_are_named_by_the_clock() -> None:
    windows = [Window(0, 480), Window(480, 900), Window(3599.6, 36_000.4)]
    assert named(windows) == "from 0:00 to 15:00 and from 1:00:00 to 10:00:00"
