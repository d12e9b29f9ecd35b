"""Words and speakers: attribution, names, and the result of both."""

from spotscribe_common.contract import Segment, SpeakerTurn, TranscriptionOptions, Word
from spotscribe_testing.models.scripted_diarizer import DISTANCES
from spotscribe_whisper.options import Options
from spotscribe_whisper.speakers.attribution import attributed
from spotscribe_whisper.speakers.diarizer import Diarized
from spotscribe_whisper.speakers.naming import names_of
from spotscribe_whisper.speakers.result import spoken


def turn(start: float, end: float, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(start=start, end=end, speaker=speaker)


def segment(*words: tuple[str, float, float], number: int = 0) -> Segment:
    return Segment(
        id=number,
        start=words[0][1],
        end=words[-1][2],
        text=" ".join(word for word, _, _ in words),
        words=[Word(word=word, start=start, end=end) for word, start, end in words],
    )


def test_a_segment_is_split_where_another_voice_begins() -> None:
    said = segment(("How", 0.0, 0.4), ("are", 0.5, 0.9), ("you?", 1.0, 1.5), ("Fine.", 1.6, 2.2))
    found = attributed([said], [turn(0, 1.55, "x"), turn(1.55, 3, "y")], "en")
    assert [(piece.id, piece.speaker, piece.text) for piece in found] == [
        (0, "x", "How are you?"),
        (1, "y", "Fine."),
    ]
    assert [(piece.start, piece.end) for piece in found] == [(0.0, 1.5), (1.6, 2.2)]
    assert [word.word for piece in found for word in piece.words] == ["How", "are", "you?", "Fine."]


def test_a_word_belongs_to_whoever_speaks_for_most_of_it() -> None:
    said = segment(("overlapping", 1.0, 1.7))
    assert attributed([said], [turn(0, 1.3, "x"), turn(1.3, 3, "y")], "en")[0].speaker == "y"


def test_a_word_outside_all_turns_goes_to_the_nearest() -> None:
    turns = [turn(1, 2, "x"), turn(8, 9, "y")]
    words = [("a", 0.0, 0.5), ("b", 3.0, 3.5), ("c", 7.0, 7.5), ("d", 12.0, 12.5)]
    found = attributed([segment(word) for word in words], turns, "en")
    assert [piece.speaker for piece in found] == ["x", "x", "y", "y"]


def test_a_segment_without_words_and_audio_without_turns() -> None:
    bare = Segment(id=0, start=4, end=6, text="…", words=[])
    assert attributed([bare], [turn(0, 5, "x"), turn(5, 9, "y")], "en")[0].speaker == "x"
    assert attributed([bare], [], "en") == [bare]


def test_characters_of_japanese_are_joined_without_spaces() -> None:
    said = segment(("日", 0.0, 0.4), ("本", 0.4, 0.8), ("は", 2.0, 2.4))
    found = attributed([said], [turn(0, 1, "x"), turn(1, 3, "y")], "ja")
    assert [piece.text for piece in found] == ["日本", "は"]


def diarized(raw: list[SpeakerTurn]) -> Diarized:
    return Diarized("engine", "model", DISTANCES, raw, {})


def test_names_are_the_known_ones_then_free_letters() -> None:
    assert names_of(["s2", "s0", "s2", "s1"], []) == {"s2": "A", "s0": "B", "s1": "C"}
    assert names_of(["s2", "s0", "s1"], ["B"]) == {"s2": "B", "s0": "A", "s1": "C"}
    many = list(names_of([str(number) for number in range(28)], []).values())
    assert many[25:] == ["Z", "AA", "AB"]


def test_the_result_names_speakers_by_their_first_words_and_keeps_the_raw_labels() -> None:
    raw = [turn(0, 10, "SPEAKER_01"), turn(10, 10.3, "SPEAKER_02"), turn(10.3, 20, "SPEAKER_00")]
    words = [
        segment(*[(f"w{at}", at + 0.1, at + 0.9) for at in range(10)]),
        segment(*[(f"v{at}", at + 0.1, at + 0.9) for at in range(11, 20)], number=1),
    ]
    found = spoken(
        diarized(raw),
        {},
        words,
        "en",
        Options(TranscriptionOptions(diarize=True)),
    )
    assert [piece.speaker for piece in found.segments] == ["A", "B"]
    told = found.diarization
    assert told.speakers == ["A", "B"]
    assert [turn.speaker for turn in told.raw_turns] == ["A", "C", "B"]
    assert {turn.speaker for turn in told.turns} == {"A", "B"}
    assert [(merge.rule, merge.from_) for merge in told.merges] == [("short_turns", "C")]


def test_without_rules_every_speaker_stays() -> None:
    raw = [turn(0, 10, "a"), turn(10, 10.3, "ghost"), turn(10.3, 20, "b")]
    options = Options(TranscriptionOptions(diarize=True, speaker_cleanup=[]))
    found = spoken(diarized(raw), {}, [segment(("word", 1.0, 2.0))], "en", options)
    assert len(found.diarization.speakers) == 3
    assert found.diarization.merges == []


def test_no_speaker_at_all_leaves_the_segments_as_they_are() -> None:
    said = segment(("word", 1.0, 2.0))
    found = spoken(
        diarized([]),
        {},
        [said],
        "en",
        Options(TranscriptionOptions(diarize=True)),
    )
    assert found.segments[0].speaker is None
    assert found.diarization.speakers == []
