"""What the extractive engine picks out of words that were said."""

import pytest

from spotscribe_voxtral.engines.laptop import extracts
from spotscribe_voxtral.engines.laptop.telling import most_telling

TALK = [
    "how many people will come to the meeting on monday",
    "i think that twenty people will come to the meeting",
    "please call the doctor before the meeting",
    "it will rain in the afternoon",
    "we will send a letter tomorrow",
    "when the work is done the machine is turned off",
    "the machine costs five hundred dollars",
    "did you see the doctor",
    "that was not a good idea",
]


def test_the_topics_are_what_is_said_most_and_their_quotes_have_them() -> None:
    topics = extracts.topics([*TALK, "two meetings are too many"])["topics"]
    assert [topic["title"] for topic in topics[:3]] == ["meeting", "machine", "doctor"]
    assert topics[0]["quote"] == "will come to the meeting on monday"
    (topic,) = extracts.topics(["the analysis of it"])["topics"]
    assert topic == {"quote": "the analysis of it", "title": "analysis"}
    assert extracts.topics(["and so it is"]) == {"topics": []}


def test_questions_have_the_order_of_questions() -> None:
    questions = extracts.questions([*TALK, "what"])["questions"]
    assert [asked["question"] for asked in questions] == [
        "How many people will come to the meeting on monday?",
        "Did you see the doctor?",
    ]


def test_tasks_are_what_people_shall_do_and_not_what_will_happen() -> None:
    items = extracts.action_items([*TALK, "go home"])["action_items"]
    assert [(item["quote"], item["due"]) for item in items] == [
        ("please call the doctor before the meeting", None),
        ("we will send a letter tomorrow", "tomorrow"),
        ("go home", None),
    ]


BEES = [
    "the bees gather honey in the garden",
    "honey is gathered by the bees",
    "a garden without bees has no honey",
    "the garden was full of bees",
    "we sold the honey of the bees",
    "bees like our garden",
]
SHIPS = [
    "the harbour has room for twenty ships",
    "ships arrive in the harbour at night",
    "a captain never leaves the harbour alone",
    "the captain sells the ships",
    "the harbour closes in winter",
    "captain and ships wait in the harbour",
]


def test_a_chapter_begins_where_other_words_are_said() -> None:
    assert extracts.chapters([*BEES, *SHIPS, *BEES])["chapters"] == [
        {"quote": BEES[0], "title": "Bees and garden"},
        {"quote": SHIPS[0], "title": "Harbour and ships"},
        {"quote": BEES[0], "title": "Bees and garden"},
    ]
    assert len(extracts.chapters([*BEES, *BEES])["chapters"]) == 1
    assert [one["quote"] for one in extracts.chapters(TALK)["chapters"]] == [TALK[0]]
    assert extracts.chapters(["and so it is"])["chapters"][0]["title"] == "And so it is."
    assert extracts.chapters([]) == {"chapters": []}


def test_the_highlight_is_the_most_telling_stretch() -> None:
    (found,) = extracts.highlights([*BEES, "it will rain"])["highlights"]
    assert found["quote"] == found["ending"]
    assert found["quote"] in BEES
    assert len(found["title"].split()) <= 8
    assert extracts.highlights([]) == {"highlights": []}


@pytest.mark.parametrize(
    ("said", "overall"),
    [
        (["a wonderful day"], "positive"),
        (["a wonderful day", "not a good idea"], "mixed"),
        (["a terrible mistake", "a wonderful day"], "negative"),
        (["two and two"], "neutral"),
        ([], None),
    ],
)
def test_the_mood_is_that_of_most_words(said: list[str], overall: str | None) -> None:
    found = extracts.sentiment(said)
    assert found["overall"] == overall
    assert found["quote"] in {*said, ""}


def test_days_and_amounts_are_named_once() -> None:
    assert extracts.entities([*TALK, *TALK, "one of us"])["entities"] == [
        {"quote": "to the meeting on monday", "name": "monday", "type": "date"},
        {"quote": "i think that twenty people will come to the", "name": "twenty people", "type": "amount"},
        {"quote": "will send a letter tomorrow", "name": "tomorrow", "type": "date"},
        {"quote": "the machine costs five hundred dollars", "name": "five hundred dollars", "type": "amount"},
    ]


def test_a_question_is_answered_by_what_shares_its_words() -> None:
    asked = [
        {"number": 1, "question": "How much does the machine cost?"},
        {"number": 2, "question": "Who is the president?"},
        {"number": 3, "question": "When do we see the doctor?"},
    ]
    assert extracts.answers(TALK, asked)["answers"] == [
        {
            "number": 1,
            "quote": "the machine costs five hundred dollars",
            "answer": "The machine costs five hundred dollars.",
        },
        {"number": 2, "quote": "", "answer": None},
        {
            "number": 3,
            "quote": "please call the doctor before the meeting",
            "answer": "Please call the doctor before the meeting.",
        },
    ]
    assert extracts.answers([], asked[:1])["answers"] == [{"number": 1, "quote": "", "answer": None}]


def test_a_sentence_is_worth_its_best_cluster_of_telling_words() -> None:
    """Luhn's measure: 3 words of 4 beat 3 of 9, and words further apart make no cluster."""
    stretches = [
        "garden of water and then again the winter",
        "garden water in winter",
        "garden and so it is with the water and so it is with the winter",
    ]
    assert most_telling(stretches, 4) == [stretches[1]]
    assert most_telling(stretches, 12) == stretches[:2]
    assert most_telling(stretches, 100) == stretches
    assert most_telling([], 4) == []


def test_a_summary_is_at_most_half_of_what_is_said_in_its_order() -> None:
    text = extracts.summary(TALK)["summary"]
    assert 0 < len(text.split()) <= sum(len(stretch.split()) for stretch in TALK) / 2
    sentences = [extracts.sentence(stretch) for stretch in TALK]
    places = [text.find(sentence) for sentence in sentences]
    found = [place for place in places if place >= 0]
    assert found == sorted(found)
    assert sum(
        len(sentence) + 1 for sentence, place in zip(sentences, places, strict=True) if place >= 0
    ) == (len(text) + 1)
    assert extracts.summary([]) == {"summary": ""}


def test_texts_are_joined_without_repeats_and_shortened() -> None:
    assert extracts.text(["It rains.", "We go.", "It rains."]) == {"text": "It rains. We go."}
    long = extracts.text([f"The garden number {number} has water." for number in range(100)])["text"]
    assert 100 < len(long.split()) <= 180
