"""The benchmark of accuracy: its audio, its counts, and its reference of word starts."""

import json
from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy import joining, scoring, sounds, spoiling
from spotscribe_bench.accuracy.recordings import COMMITTED, Recording, recordings, speech_folder
from spotscribe_bench.accuracy.sets import NO_SPEECH, SETS, chosen_sets, clips
from spotscribe_bench.accuracy.word_times import matched_errors, plain_words, reference_starts


def tone(pitch: float, seconds: float = 2.0, level: int = 8000) -> Samples:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.rint(level * np.sin(2 * np.pi * pitch * at)).astype(np.int16)


def spoken(name: str, speaker: str, seconds: float = 2.0) -> Recording:
    return Recording(name, "tones", f"tones/{speaker}", tone(440, seconds), f"the words of {name}")


def loudness(samples: Samples) -> float:
    """Level in dB of full scale."""
    return float(10 * np.log10((samples.astype(np.float64) ** 2).mean() / 32768**2))


@pytest.fixture(scope="module")
def committed() -> list[Recording]:
    return recordings(COMMITTED)


def test_a_telephone_passes_its_band_alone() -> None:
    assert loudness(spoiling.telephone(tone(1000))) == pytest.approx(loudness(tone(1000)), abs=1)
    assert loudness(spoiling.telephone(tone(100))) < loudness(tone(100)) - 30
    assert loudness(spoiling.telephone(tone(6000))) < loudness(tone(6000)) - 30


def test_noise_is_10_db_below_the_speech_and_holds_babble() -> None:
    speech = np.concatenate([tone(440), np.zeros(SAMPLE_RATE, dtype=np.int16)])
    made = spoiling.noise(speech, [tone(1500, 0.7)], np.random.default_rng(1))
    added = made.astype(np.float64) - speech
    assert 10 * np.log10((added**2).mean()) == pytest.approx(
        10 * np.log10(spoiling.speech_power(speech)) - 10, abs=0.1
    )
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    babble = spectrum[1490 * 3 : 1510 * 3].sum() / spectrum.sum()
    assert babble == pytest.approx(0.5, abs=0.05)


def test_opus_keeps_the_length_and_changes_the_samples() -> None:
    made = spoiling.opus(tone(440))
    assert len(made) == pytest.approx(2 * SAMPLE_RATE, abs=SAMPLE_RATE // 50)
    assert not np.array_equal(made[:SAMPLE_RATE], tone(440)[:SAMPLE_RATE])


def test_quiet_and_fast_are_as_much_as_they_say() -> None:
    assert loudness(spoiling.quiet(tone(440))) == pytest.approx(loudness(tone(440)) - 40, abs=0.1)
    made = spoiling.fast(tone(440))
    assert len(made) == pytest.approx(2 * SAMPLE_RATE / 1.5, rel=0.02)
    strongest = np.abs(np.fft.rfft(made)).argmax() * SAMPLE_RATE / len(made)
    assert strongest == pytest.approx(440, abs=5)


def test_speakers_alternate_and_keep_their_order() -> None:
    own = [spoken(f"a{number}", "a") for number in range(4)] + [
        spoken(f"b{number}", "b") for number in range(2)
    ]
    assert [each.id for each in joining.alternating(own)] == ["a0", "b0", "a1", "a2", "b1", "a3"]


def test_joined_files_hold_all_texts_with_pauses_and_music() -> None:
    own = [spoken(f"{number}", "ab"[number % 2], 5.0) for number in range(60)]
    files = joining.joined(own, np.random.default_rng(1))
    assert " ".join(text for _, _, text in files) == " ".join(each.text for each in joining.alternating(own))
    assert all(240 <= len(samples) / SAMPLE_RATE < 290 for _, samples, _ in files[:-1])
    pauses = sum(len(samples) for _, samples, _ in files) / SAMPLE_RATE - 300
    assert 60 * 0.3 < pauses < 60 * 20


def test_long_files_are_one_speaker_with_breaths() -> None:
    own = [spoken(f"a{number}", "a", 15) for number in range(3)] + [spoken("b", "b", 60), spoken("c", "c", 5)]
    [(name, samples, text)] = joining.long(own, np.random.default_rng(1))
    assert name == "long-tones-a"
    assert text == "the words of a0 the words of a1 the words of a2"
    assert 45 + 3 * 0.2 <= len(samples) / SAMPLE_RATE <= 45 + 3 * 0.6


def test_music_has_a_level_and_changes() -> None:
    made = sounds.music(6, np.random.default_rng(1))
    assert loudness(made) == pytest.approx(-20, abs=0.5)
    assert not np.array_equal(made, sounds.music(6, np.random.default_rng(2)))


@pytest.mark.parametrize("name", [name for name in SETS if name not in {"telephone", "opus", "fast"}])
def test_a_set_is_the_same_each_time(name: str, committed: list[Recording]) -> None:
    few = committed[:9]
    made, again = clips(name, few), clips(name, few)
    assert [each.name for each in made] == [each.name for each in again]
    assert all(np.array_equal(one.samples, two.samples) for one, two in zip(made, again, strict=True))
    assert len({each.name for each in made}) == len(made)
    assert all(bool(each.text) == (name != NO_SPEECH) for each in made)


def test_clips_without_speech_take_20_to_60_seconds(committed: list[Recording]) -> None:
    assert {20 <= each.seconds <= 60 for each in clips(NO_SPEECH, committed)} == {True}


def test_sets_are_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_SETS", "joined, fast")
    assert chosen_sets() == ["fast", "joined"]
    monkeypatch.setenv("BENCH_SETS", "slow")
    with pytest.raises(ValueError, match="got slow"):
        chosen_sets()


def test_recordings_are_found_by_their_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_DIR", str(tmp_path))
    with pytest.raises(RuntimeError, match="SPEECH_DIR must name a folder"):
        speech_folder()
    (tmp_path / "noise.wav").symlink_to(COMMITTED / "LJ001-0008.flac")
    listed = [
        {"id": "n", "group": "no-speech", "file": "noise.wav", "text": None},
        {"id": "t", "group": "turns", "file": "missing.wav", "text": None},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps(listed))
    [found] = recordings(speech_folder())
    assert (found.id, found.text, found.speaker) == ("n", "", "no-speech/n")
    assert found.seconds == pytest.approx(1.78, abs=0.01)


def test_errors_count_at_the_words_of_the_reference() -> None:
    found = scoring.counts("a b c d", "x a b e e d")
    assert found[:, 0].tolist() == [1, 1, 1, 1]
    assert found.sum(axis=0).tolist() == [4, 1, 0, 2]
    assert scoring.counts("a b", "")[:, 2].tolist() == [1, 1]
    assert scoring.counts("a b", "a b c c")[:, 3].tolist() == [0, 2]


def test_blocks_have_50_words_across_recordings() -> None:
    each = scoring.counts("a " * 30, "a " * 29)
    assert scoring.blocks([each] * 4)[:, 0].tolist() == [50, 50, 20]
    assert scoring.blocks([each] * 4)[:, 2].sum() == 4


def test_intervals_hold_the_value_and_pairs_are_drawn_together() -> None:
    random = np.random.default_rng(1)
    worse = np.zeros((2000, 4), dtype=np.int64)
    worse[:, 0] = 1
    worse[:, 1] = random.random(2000) < 0.2
    better = worse.copy()
    better[::10, 1] = 0
    counted = scoring.blocks([worse])
    rate = scoring.word_error_rate(counted)
    assert rate.low < rate.value < rate.high
    assert rate.value == pytest.approx(worse[:, 1].mean())
    assert rate.high - rate.low == pytest.approx(2 * 1.96 * np.sqrt(0.2 * 0.8 / 2000), rel=0.3)
    assert scoring.difference(counted, counted) == (0, 0, 0)
    assert scoring.saved(scoring.blocks([better]), counted).value == pytest.approx(
        1 - better[:, 1].sum() / worse[:, 1].sum()
    )


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert plain_words('Self-substantial fuel: "Thy" beauty\u2019s') == [
        "self", "substantial", "fuel", "thy", "beauty's",
    ]  # fmt: skip


def test_starts_are_compared_for_words_that_both_have() -> None:
    heard = [{"word": "Ask", "start": 1.1}, {"word": "got", "start": 1.4}, {"word": "what.", "start": 2.0}]
    assert matched_errors(["ask", "not", "what"], [1.0, 1.5, 2.25], heard) == pytest.approx([0.1, 0.25])


def test_pocketsphinx_finds_the_starts_of_known_words(committed: list[Recording]) -> None:
    named = {each.id: each for each in committed}
    known, unknown = named["LJ001-0008"], named["LJ001-0008"]._replace(text="Zzyzx.")
    starts, none = reference_starts([known, unknown])
    assert none is None
    assert starts is not None
    assert len(starts) == 4
    assert starts == sorted(starts)
    assert starts[-1] < known.seconds - 0.3
