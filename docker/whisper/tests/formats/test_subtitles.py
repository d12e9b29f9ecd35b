"""Subtitles: the fixtures with other parsers, and the style rules with random speech."""

import json
import subprocess
import unicodedata
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from spotscribe_common.contract import EngineName, Segment, Transcript, Word
from spotscribe_testing.format_fixtures import FIXTURES, FOLDERS, fixture
from spotscribe_testing.places import ROOT
from spotscribe_whisper.formats.characters import width
from spotscribe_whisper.formats.cues import Cue, Layout, cues
from spotscribe_whisper.formats.segments_in_time import segments_in_time
from spotscribe_whisper.formats.subtitles import srt, vtt

SEEDS = range(40)
# Seconds: audio that ends after everything that is said in it.
LONG = 100_000.0
LAYOUTS = [Layout(), Layout(max_line_width=24, max_line_count=1), Layout(max_line_width=18, max_line_count=3)]


def transcript(*segments: Segment) -> Transcript:
    engine = EngineName(name="whisperx", model="tiny")
    return Transcript(engine=engine, language="en", duration=1, text="", segments=list(segments), degraded=[])


def said(text: str, start: float = 1.0, step: float = 0.3, speaker: str | None = None) -> Segment:
    """A segment with a word every `step` seconds."""
    words = [
        Word(word=word, start=start + index * step, end=start + (index + 1) * step)
        for index, word in enumerate(text.split())
    ]
    return Segment(id=0, start=start, end=words[-1].end, text=text, words=words, speaker=speaker)


def texts(found: list[Cue]) -> list[list[str]]:
    return [[" ".join(word.text for word in line) for line in cue.lines] for cue in found]


def speech(seed: int, *, together: bool = False) -> list[Segment]:
    """Segments of three voices at all speeds, every word another; `together` if people speak at once."""
    random, segments, at = Random(seed), [], 0.0
    for number in range(30):
        start = at = max(at + random.choice([0.02, 0.3, 2.0]) - (random.random() * 4 if together else 0), 0)
        rate, words = random.choice([0.03, 0.06, 0.12]), []
        for index in range(random.randint(1, 25)):
            ending = random.choice(["", "", "", "", ",", ".", "?"])
            word = f"{number}-{index}{'abcdefghijkl'[: random.randint(0, 12)]}{ending}"
            end = at + len(word) * rate * random.uniform(0.5, 1.5)
            words.append(Word(word=word, start=at, end=end))
            at = end + (random.uniform(0.3, 1.5) if random.random() < 0.1 else 0.01)
        segments.append(
            Segment(
                id=number,
                start=start,
                end=words[-1].end,
                text=" ".join(word.word for word in words),
                words=words,
                speaker=random.choice([None, "Ann", "Bob"]),
            )
        )
    return segments


def spoken(found: list[Cue]) -> list[str]:
    return [word.text for cue in found for line in cue.lines for word in line]


def reading_ms(cue: Cue) -> int:
    """5/6 of a second, or a second for 20 characters, the ends of lines counted as spaces."""
    text = " ".join(word.text for line in cue.lines for word in line)
    return min(max(len(text) * 50, 833), 7000)


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f.name != "empty"], ids=lambda folder: folder.name)
@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_another_reader_finds_the_same_cues(folder: Path, kind: str) -> None:
    given = fixture(folder)
    found = cues(
        segments_in_time(given.transcript), given.layout, given.transcript.duration, prefixes=kind == "srt"
    )
    options = ["-v", "error", "-show_entries", "packet=pts_time,duration_time", "-of", "json"]
    read = subprocess.run(["ffprobe", *options, folder / f"answer.{kind}"], check=True, capture_output=True)
    assert read.stderr == b""
    packets = json.loads(read.stdout)["packets"]
    times = [(round(float(p["pts_time"]) * 1000), round(float(p["duration_time"]) * 1000)) for p in packets]
    assert times == [(cue.start, cue.end - cue.start) for cue in found]


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_another_reader_finds_the_same_words(kind: str) -> None:
    file = FIXTURES / "injection" / f"answer.{kind}"
    command = ["ffmpeg", "-v", "error", "-i", file, "-f", "webvtt", "-"]
    read = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    assert "alert(1)" in read
    assert read.count("script") == 2
    # Three cues and no more: nothing that was said has made a line of times.
    assert (
        sum(" --> " in line and line[:2].isdigit() and line[-3:].isdigit() for line in read.split("\n")) == 3
    )


def test_widths_are_those_that_the_job_api_knows() -> None:
    bounds = json.loads((ROOT / "core" / "formats" / "wide-characters.json").read_text())
    ours = [
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) != "Cn" and unicodedata.east_asian_width(chr(code)) in "WF"
    ]
    ranges = list(zip(bounds[::2], bounds[1::2], strict=True))
    theirs = {code for first, last in ranges for code in range(first, last + 1)}
    assert set(ours) <= theirs
    assert all(unicodedata.category(chr(code)) == "Cn" for code in theirs - set(ours))


@pytest.mark.parametrize("layout", LAYOUTS, ids=["wide", "one line", "narrow"])
@pytest.mark.parametrize("together", [False, True], ids=["in turns", "at once"])
def test_cues_follow_each_other_without_overlaps(layout: Layout, together: bool) -> None:
    for seed in SEEDS:
        found = cues(speech(seed, together=together), layout, LONG, prefixes=True)
        assert all(0 < cue.end - cue.start <= 7000 for cue in found)
        assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize("layout", LAYOUTS, ids=["wide", "one line", "narrow"])
def test_every_word_is_shown_once_and_in_order(layout: Layout) -> None:
    for seed in SEEDS:
        segments = speech(seed)
        assert spoken(cues(segments, layout, LONG)) == [word.word for s in segments for word in s.words]
        crowd = speech(seed, together=True)
        shown = spoken(cues(crowd, layout, LONG, prefixes=True))
        for segment in crowd:
            own = [word.word for word in segment.words]
            assert [word for word in shown if word in set(own)] == own
        assert len(shown) == sum(len(segment.words) for segment in crowd)


@pytest.mark.parametrize("together", [False, True], ids=["in turns", "at once"])
def test_a_cue_holds_one_speaker_and_no_long_pause(together: bool) -> None:
    for seed in SEEDS:
        segments = speech(seed, together=together)
        speakers = {word.word: segment.speaker for segment in segments for word in segment.words}
        found = cues(segments, Layout(), LONG, prefixes=True)
        for cue in found:
            words = [word for line in cue.lines for word in line]
            assert {speakers[word.text] for word in words} == {cue.speaker}
            assert all(after.start - before.end < 800 for before, after in pairwise(words))
        for before, after in pairwise(found):
            assert after.named == (after.speaker is not None and after.speaker != before.speaker)


@pytest.mark.parametrize("layout", LAYOUTS, ids=["wide", "one line", "narrow"])
def test_lines_keep_to_their_width_and_number(layout: Layout) -> None:
    for seed in SEEDS:
        for cue in cues(speech(seed, together=True), layout, LONG, prefixes=True):
            assert len(cue.lines) <= layout.max_line_count
            for index, line in enumerate(cue.lines):
                name = f"{cue.speaker}: " if cue.named and index == 0 else ""
                row = name + " ".join(word.text for word in line)
                assert width(row) <= layout.max_line_width or len(line) == 1
                assert row


def test_a_cue_stays_until_it_can_be_read_where_there_is_room() -> None:
    hurried = 0
    for seed in SEEDS:
        for cue, after in pairwise(cues(speech(seed), Layout(), LONG)):
            if cue.end - cue.start < reading_ms(cue):
                hurried += 1
                assert after.start - cue.end <= 83
            if after.start - cue.end < 83:
                assert cue.end - cue.start <= 833
    assert hurried > 20


def test_a_cue_keeps_to_the_times_of_its_words() -> None:
    for seed in SEEDS:
        for cue in cues(speech(seed), Layout(), LONG):
            words = [word for line in cue.lines for word in line]
            assert cue.start == words[0].start
            assert cue.end >= words[-1].end - 83
            assert cue.end <= max(words[-1].end, cue.start + reading_ms(cue))


def test_a_cue_of_people_who_speak_at_once_is_only_ever_late() -> None:
    for seed in SEEDS:
        for cue in cues(speech(seed, together=True), Layout(), LONG):
            assert cue.start >= next(word.start for line in cue.lines for word in line)


def test_sentences_are_parted_where_they_can_be_read_and_merged_where_not() -> None:
    slow = said("He left. She stayed behind.", step=0.6)
    assert texts(cues([slow], Layout(), LONG)) == [["He left."], ["She stayed behind."]]
    hasty = said("He left. She stayed behind.", step=0.15)
    assert texts(cues([hasty], Layout(), LONG)) == [["He left. She stayed behind."]]


def test_a_cue_ends_with_a_clause_rather_than_full() -> None:
    sentence = said(
        "When the rain had stopped at last, all of us went out into the garden to see what it had left.",
        step=0.35,
    )
    assert texts(cues([sentence], Layout(), LONG)) == [
        ["When the rain had stopped at last,"],
        ["all of us went out into", "the garden to see what it had left."],
    ]


def test_a_pause_parts_words_without_punctuation() -> None:
    first = said("the train to the north leaves from platform four", step=0.3)
    second = said("mind the gap between the train and the platform edge please", start=4.15, step=0.3)
    both = first.model_copy(
        update={"words": first.words + second.words, "text": f"{first.text} {second.text}"}
    )
    assert [" ".join(lines) for lines in texts(cues([both], Layout(), LONG))] == [first.text, second.text]


def test_a_word_that_lasts_too_long_is_shown_for_seven_seconds() -> None:
    word = Segment(
        id=0, start=1, end=40, text="Ommm", words=[Word(word="Ommm", start=1, end=40, interpolated=True)]
    )
    assert [(cue.start, cue.end) for cue in cues([word], Layout(), LONG)] == [(1000, 8000)]


def test_titles_and_initials_end_no_sentence() -> None:
    sentences = said("I saw Mr. J. Smith there. He was in a great hurry today.", step=0.4)
    assert texts(cues([sentences], Layout(), LONG)) == [
        ["I saw Mr. J. Smith there."],
        ["He was in a great hurry today."],
    ]


def test_punctuation_that_covers_a_pause_does_not_hide_it() -> None:
    words = [
        Word(word="行く", start=1.0, end=1.5),
        Word(word="。", start=1.5, end=4.0, interpolated=True),
        Word(word="待つ", start=4.0, end=4.6),
    ]
    found = cues([Segment(id=0, start=1, end=4.6, text="行く。待つ", words=words)], Layout(), LONG)
    assert [(cue.start, cue.end) for cue in found] == [(1000, 1833), (4000, 4833)]
    assert texts(found) == [["行く。"], ["待つ"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_word_is_underlined_in_its_time(seed: int) -> None:
    segments = speech(seed)
    whole = cues(segments, Layout(), LONG)
    parts = cues(segments, Layout(highlight_words=True), LONG)
    at = 0
    for cue in whole:
        words = [word for line in cue.lines for word in line]
        own = parts[at : at + len(words)]
        assert [part.highlight for part in own] == list(range(len(words)))
        assert (own[0].start, own[-1].end) == (cue.start, cue.end)
        assert all(before.end == after.start for before, after in pairwise(own))
        assert all(part.end > part.start and part.lines == cue.lines for part in own)
        at += len(words)
    assert at == len(parts)


def test_underlining_survives_more_words_than_milliseconds() -> None:
    words = [Word(word=f"w{index}", start=1, end=1) for index in range(9)]
    first = Segment(id=0, start=1, end=1, text="", words=words, speaker="Ann")
    second = said("Yes.", start=1.004, speaker="Bob")
    found = cues([first, second], Layout(highlight_words=True), LONG)
    assert all(cue.end > cue.start for cue in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert found[-2].highlight == 8


@pytest.mark.parametrize("name", ["max_line_width", "max_line_count"])
def test_a_layout_without_room_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f'"{name}" must be 1 or more; got 0'):
        Layout(**{name: 0})


def test_the_silent_recording_makes_valid_files() -> None:
    assert (srt(transcript(), Layout()), vtt(transcript(), Layout())) == ("", "WEBVTT\n")


@pytest.mark.parametrize("highlight", [False, True])
def test_no_cue_stays_longer_than_the_audio(*, highlight: bool) -> None:
    """The last one stayed to be read where there was nothing left to see."""
    last = said("It ends here.", start=1.0, step=0.1)
    found = cues([last], Layout(highlight_words=highlight), 1.4)
    assert found[-1].end == 1400
    # Aligners of old transcripts have put words behind the end.
    assert [(cue.start, cue.end) for cue in cues([last], Layout(), 0.5)] == [(417, 500)]


def test_people_who_speak_at_once_at_the_end_share_the_time_that_is_left() -> None:
    voices = [said("One.", 9.0, 1.0, "A"), said("Two.", 9.1, 0.9, "B"), said("Three.", 9.2, 0.8, "C")]
    found = cues(voices, Layout(), 10.0)
    assert [cue.start for cue in found] == [9000, 9333, 9666]
    assert found[-1].end == 10_000
    assert all(cue.end - cue.start >= 250 for cue in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cue_is_within_the_audio_wherever_that_ends(seed: int) -> None:
    segments = speech(seed, together=True)
    last = max(segment.end for segment in segments)
    for share in (0.2, 0.5, 0.9, 0.99, 1.0):
        found = cues(segments, Layout(), last * share)
        assert found
        assert all(0 <= cue.start < cue.end <= round(last * share * 1000) for cue in found)
        assert all(one.end <= other.start for one, other in pairwise(found))
