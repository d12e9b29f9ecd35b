"""What the cleanup gives to whom, what it leaves alone, and what it reports."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from spotscribe_common.contract import SPEAKER_RULES, SpeakerMerge, SpeakerRule, SpeakerTurn, Word
from spotscribe_testing.speakers.conversations import conversation
from spotscribe_whisper.speakers.cleaning.backchannels import content_words, only_backchannels
from spotscribe_whisper.speakers.cleaning.cleanup import Cleaned, clean
from spotscribe_whisper.speakers.cleaning.stretches import JOIN_SECONDS, stretches

STORY = "We went to the market and then she told us the whole story of her family."
QUESTION = "How long did it take to build that?"


class Talk:
    """Turns one after another, their words spread evenly over them."""

    def __init__(self) -> None:
        self.turns: list[SpeakerTurn] = []
        self.words: list[Word] = []
        self.clock = 0.0

    def says(self, speaker: str, text: str, seconds: float, *, after: float = 0.0) -> "Talk":
        start, words = round(self.clock + after, 3), text.split()
        self.clock = round(start + seconds, 3)
        self.turns.append(SpeakerTurn(start=start, end=self.clock, speaker=speaker))
        each = seconds / max(len(words), 1)
        self.words += [
            Word(word=word, start=start + number * each, end=start + (number + 0.9) * each)
            for number, word in enumerate(words)
        ]
        return self

    def cleaned(self, *rules: SpeakerRule, least: int | None = None) -> Cleaned:
        return clean(self.turns, self.words, rules, least)


def host_and_guest() -> Talk:
    """Two people who talk for a minute each; nothing to clean up."""
    talk = Talk()
    for speaker in ("host", "guest") * 3:
        for _ in range(4):
            talk.says(speaker, STORY, 5.0, after=0.2)
    return talk


def speakers(cleaned: Cleaned) -> set[str]:
    return {turn.speaker for turn in cleaned.turns}


def report(cleaned: Cleaned) -> list[tuple[str, str, str, str | None]]:
    return [(merge.rule, merge.from_, merge.to, merge.text) for merge in cleaned.merges]


def test_a_conversation_without_faults_stays_as_it_is() -> None:
    talk = host_and_guest()
    assert talk.cleaned(*SPEAKER_RULES) == Cleaned(talk.turns, [])


def test_neighbours_of_one_speaker_are_joined_over_a_gap_that_is_no_pause() -> None:
    talk = Talk().says("a", STORY, 3.0).says("a", STORY, 3.0, after=0.08).says("a", STORY, 3.0, after=0.3)
    assert talk.cleaned().turns == [
        SpeakerTurn(start=0.0, end=6.08, speaker="a"), SpeakerTurn(start=6.38, end=9.38, speaker="a"),
    ]  # fmt: skip


def test_a_flicker_goes_to_who_speaks_around_it() -> None:
    talk = host_and_guest().says("host", "We went to the", 2.0).says("guest", "", 0.2)
    talk.says("host", "market and then she told us.", 3.0)
    cleaned = talk.cleaned("short_turns")
    assert report(cleaned) == [("short_turns", "guest", "host", None)]
    assert cleaned.turns[-1].end - cleaned.turns[-1].start == pytest.approx(5.2)


def test_a_flicker_that_takes_a_word_out_of_a_sentence_goes_back() -> None:
    talk = host_and_guest().says("host", "We went to the", 2.0).says("guest", "market", 0.45)
    cleaned = talk.says("host", "and then she told us.", 3.0).cleaned("short_turns")
    assert report(cleaned) == [("short_turns", "guest", "host", None)]


def test_between_two_speakers_a_flicker_goes_to_the_nearer_one() -> None:
    talk = host_and_guest().says("host", STORY, 5.0).says("ghost", "", 0.2, after=0.5)
    cleaned = talk.says("guest", STORY, 5.0).cleaned("short_turns")
    assert report(cleaned) == [("short_turns", "ghost", "guest", None)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("Yeah.", 0.4), ("Genau,", 0.3), ("Why?", 0.4), ("", 0.35)],
    ids=["backchannel", "in-german", "sentence-of-a-word", "left-out-by-the-recogniser"],
)  # fmt: skip
def test_what_a_participant_says_in_a_moment_stays_hers(text: str, seconds: float) -> None:
    talk = host_and_guest().says("host", STORY, 5.0).says("guest", text, seconds)
    cleaned = talk.says("host", STORY, 5.0).cleaned(*SPEAKER_RULES)
    assert cleaned.merges == []


def test_a_false_start_belongs_to_who_goes_on() -> None:
    talk = host_and_guest().says("host", STORY, 5.0).says("guest", "and", 0.3)
    assert talk.says("guest", STORY, 5.0, after=0.6).cleaned("short_turns").merges == []


def test_backchannels_of_a_label_that_says_nothing_else_go_to_who_holds_the_floor() -> None:
    talk = host_and_guest()
    talk.says("host", STORY, 5.0).says("ghost", "Mm-hmm. Yeah, right.", 1.6).says("host", STORY, 5.0)
    talk.says("guest", STORY, 5.0).says("ghost", "", 0.8).says("guest", STORY, 5.0)
    cleaned = talk.cleaned("interjections")
    assert report(cleaned) == [
        ("interjections", "ghost", "host", "Mm-hmm. Yeah, right."), ("interjections", "ghost", "guest", None),
    ]  # fmt: skip
    assert speakers(cleaned) == {"host", "guest"}


def test_interjections_need_words() -> None:
    talk = host_and_guest().says("host", STORY, 5.0).says("ghost", "Yeah.", 0.8).says("host", STORY, 5.0)
    assert clean(talk.turns, [], ["interjections"]).merges == []


def test_a_label_that_cuts_sentences_apart_goes_to_whose_they_are() -> None:
    talk = host_and_guest().says("host", "We went to the", 2.0).says("ghost", "market and then she", 1.2)
    cleaned = talk.says("host", "told us the story.", 2.0).cleaned("minor_speakers")
    assert report(cleaned) == [("minor_speakers", "ghost", "host", None)]
    assert speakers(cleaned) == {"host", "guest"}


@pytest.mark.parametrize("words", [True, False], ids=["with-words", "without-words"])
def test_who_asks_one_question_stays(*, words: bool) -> None:
    talk = host_and_guest()
    for _ in range(40):
        talk.says("guest", STORY, 5.0, after=0.4)
    talk.says("audience", QUESTION, 1.8, after=0.2).says("guest", STORY, 5.0, after=0.2)
    assert talk.clock > 100 * 1.8
    cleaned = clean(talk.turns, talk.words if words else [], SPEAKER_RULES)
    assert speakers(cleaned) == {"host", "guest", "audience"}


def test_a_question_stays_where_nobody_writes_full_stops() -> None:
    talk = host_and_guest().says("audience", QUESTION, 1.8).says("guest", STORY, 5.0)
    words = [word.model_copy(update={"word": word.word.strip(".?")}) for word in talk.words]
    assert "audience" in speakers(clean(talk.turns, words, SPEAKER_RULES))


def test_a_label_that_is_heard_for_long_is_no_minor_speaker() -> None:
    talk = Talk()
    for _ in range(80):
        talk.says("host", STORY, 5.0)
    for _ in range(16):
        talk.says("host", "We went to the", 2.0).says("other", "market and then she", 1.0).says(
            "host", "told us.", 1.0
        )
    assert "other" in speakers(talk.cleaned("minor_speakers"))


def ghosts() -> Talk:
    """One stretch for each rule."""
    talk = host_and_guest().says("host", STORY, 5.0).says("short", "", 0.3).says("host", STORY, 5.0)
    talk.says("listener", "Uh-huh.", 0.8).says("host", "We went to", 2.0).says(
        "split", "the market and then", 1.2
    )
    return talk.says("host", "she told us.", 2.0)


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("short_turns", {"short"}),
        ("interjections", {"listener"}),
        ("minor_speakers", {"short", "listener", "split"}),
    ],
)
def test_each_rule_can_be_chosen_alone(rule: SpeakerRule, taken: set[str]) -> None:
    cleaned = ghosts().cleaned(rule)
    assert {merge.from_ for merge in cleaned.merges} == taken
    assert {merge.rule for merge in cleaned.merges} == {rule}
    assert speakers(cleaned) == {"host", "guest", "short", "listener", "split"} - taken


def test_the_rules_come_in_their_own_order() -> None:
    cleaned = ghosts().cleaned(*reversed(SPEAKER_RULES))
    assert [merge.rule for merge in cleaned.merges] == list(SPEAKER_RULES)


@pytest.mark.parametrize("least", [1, 2, 3, 4, 5, 9])
def test_never_fewer_speakers_are_left_than_the_caller_knows_of(least: int) -> None:
    left = speakers(ghosts().cleaned(*SPEAKER_RULES, least=least))
    assert len(left) == min(max(least, 2), 5)
    assert {"host", "guest"} <= left


def test_the_only_speaker_stays_whatever_she_says() -> None:
    talk = Talk().says("a", "Yeah.", 0.3)
    assert talk.cleaned(*SPEAKER_RULES) == Cleaned(talk.turns, [])
    assert clean([], talk.words, SPEAKER_RULES) == Cleaned([], [])


@pytest.mark.parametrize(
    "word", ["Yeah,", "MM-HMM.", "uh-huh", "Mhmm", "Ja!", "D\u2019accord.", "Sí", "«Oui»", "はい。", "Oh..."]
)
def test_a_backchannel_is_known_in_any_spelling(word: str) -> None:
    assert only_backchannels([word])


def test_phrases_are_backchannels_as_wholes() -> None:
    assert content_words(["Yeah,", "I", "see.", "Tout", "à", "fait!"]) == []
    assert content_words(["I", "really", "see", "it."]) == ["i", "see", "it"]
    assert only_backchannels(list("そうですね"))
    assert not only_backchannels(["No."])
    assert not only_backchannels(["…"])
    assert not only_backchannels([])


SEEDS = range(2000, 2006)


def replayed(raw: Sequence[SpeakerTurn], merges: Sequence[SpeakerMerge]) -> list[SpeakerTurn]:
    """The raw turns after every change in the report."""
    now = [turn.speaker for turn in raw]
    for merge in merges:
        touched = [n for n, turn in enumerate(raw) if merge.start <= turn.start and turn.end <= merge.end]
        assert touched
        assert {now[n] for n in touched} == {merge.from_}
        for n in touched:
            now[n] = merge.to
    return [SpeakerTurn(start=s.start, end=s.end, speaker=s.speaker) for s in stretches(raw, now)]


@pytest.mark.parametrize("words", [True, False], ids=["with-words", "without-words"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_report_tells_all_that_happened_to_a_long_conversation(seed: int, *, words: bool) -> None:
    talk = conversation(seed)
    before = [turn.model_copy() for turn in talk.raw]
    cleaned = clean(talk.raw, talk.words if words else [], SPEAKER_RULES)
    assert talk.raw == before
    assert cleaned.merges
    assert replayed(talk.raw, cleaned.merges) == cleaned.turns


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_conversation_stays_exclusive_and_keeps_its_speech(seed: int) -> None:
    talk = conversation(seed)
    turns = clean(talk.raw, talk.words, SPEAKER_RULES).turns
    gaps = [after.start - before.end for before, after in pairwise(turns)]
    assert all(gap >= 0 for gap in gaps)
    joined = [
        after.start - before.end
        for before, after in pairwise(talk.raw)
        if any(turn.start < before.end and after.start < turn.end for turn in turns)
    ]
    assert all(gap <= JOIN_SECONDS for gap in joined)
    spoken = [sum(turn.end - turn.start for turn in some) for some in (talk.raw, turns)]
    assert spoken[1] == pytest.approx(spoken[0] + sum(joined))
    assert {turn.speaker for turn in turns} <= {turn.speaker for turn in talk.raw}


@pytest.mark.parametrize("least", [2, 5, 20])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_conversation_keeps_the_speakers_that_the_caller_knows_of(seed: int, least: int) -> None:
    talk = conversation(seed)
    there = len({turn.speaker for turn in talk.raw})
    assert len(speakers(clean(talk.raw, talk.words, SPEAKER_RULES, least))) >= min(least, there)
