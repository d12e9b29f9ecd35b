"""Channels that are heard by themselves: what each has from the others is silent in it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import SAMPLE_RATE, Channel, Pcm, Samples
from spotscribe_audio.speech import crosstalk
from spotscribe_audio.speech.sounds import Sounds, sounds_of
from spotscribe_common.errors import CancelledWorkError
from spotscribe_testing.media import ffmpeg
from spotscribe_testing.models.banded_voices import Audio, as_samples, voice
from spotscribe_testing.places import SAMPLE

SECONDS = 24.0
ANN, BEN = (1.0, 2.0, 3.0, 9.0, 17.2, 18.2), (5.0, 6.0, 12.0, 14.0, 21.3)


def pcm_of(samples: Samples, channels: Sequence[Channel] = ()) -> Pcm:
    file = TemporaryFile()  # noqa: SIM115 - handed on inside the Pcm
    file.write(np.ascontiguousarray(samples).tobytes())
    file.flush()
    pcm = Pcm(file)
    pcm.channels = channels
    return pcm


def recording(*channels: Audio) -> Pcm:
    """The mean of the channels as the mix, and the channels."""
    samples = as_samples(*channels)
    kept = [Channel(number, pcm_of(one)) for number, one in enumerate(samples.T, start=1)]
    return pcm_of(samples.astype(np.int32).mean(axis=1).astype(np.int16), kept)


def found(*channels: Audio) -> Sounds:
    return sounds_of(recording(*channels), separate=True, cancelled=lambda: False)


def noise(level: float = 10.0, seed: int = 1, seconds: float = SECONDS) -> Audio:
    return level * np.random.default_rng(seed).normal(size=round(seconds * SAMPLE_RATE))


def later(samples: Audio, milliseconds: float) -> Audio:
    lag = round(milliseconds * SAMPLE_RATE / 1000)
    return np.concatenate([np.zeros(lag), samples])[: len(samples)]


def level(samples: Samples, start: float) -> float:
    """Of a word that begins at `start` seconds."""
    word = samples[round((start + 0.15) * SAMPLE_RATE) : round((start + 0.45) * SAMPLE_RATE)]
    return float(np.sqrt(np.mean(word.astype(float) ** 2)))


ann, ben = voice("ann", ANN, SECONDS), voice("ben", BEN, SECONDS)


def test_the_mix_is_heard_unless_channels_are_wanted() -> None:
    pcm = recording(ann, ben)
    [mix] = sounds_of(pcm, separate=False, cancelled=lambda: False).each
    assert mix.channel is None
    assert np.array_equal(mix.read(0, SECONDS), pcm.read(0, SECONDS))


def test_clean_channels_are_read_as_they_are() -> None:
    pcm = recording(ann + noise(seed=1), ben + noise(seed=2))
    sounds = sounds_of(pcm, separate=True, cancelled=lambda: False)
    assert [each.channel for each in sounds.each] == [1, 2]
    assert list(sounds.degraded) == []
    for sound, channel in zip(sounds.each, pcm.channels, strict=True):
        assert np.array_equal(sound.read(3, 20), channel.pcm.read(3, 20))


@pytest.mark.parametrize(
    ("bleed", "delay"), [(-10, 0), (-10, 20), (-15, 5), (-15, 80), (-20, 0), (-20, 80), (-25, 20)]
)
def test_what_a_channel_has_from_another_is_muted(bleed: int, delay: float) -> None:
    gain = 10 ** (bleed / 20)
    sounds = found(
        ann + gain * later(ben, delay) + noise(seed=1), ben - gain * later(ann, delay) + noise(seed=2)
    )
    for sound, own, other in zip(sounds.each, (ANN, BEN), (BEN, ANN), strict=True):
        samples = sound.read(0, SECONDS)
        assert min(level(samples, start) for start in own) > 2000
        assert max(level(samples, start) for start in other) < 20


def test_what_is_said_quietly_at_the_same_time_stays() -> None:
    """Also 12 dB quieter than the other one, whom this channel hears at -20 dB."""
    both = voice("ben", (1.0, 2.0, 3.0), SECONDS, 750) + ben
    sounds = found(ann + noise(seed=1), both + 0.1 * ann + noise(seed=2))
    samples = sounds.each[1].read(0, SECONDS)
    assert min(level(samples, start) for start in (1.0, 2.0, 3.0)) > 600
    assert max(level(samples, start) for start in (9.0, 17.2)) < 20


def test_three_channels_hear_each_other() -> None:
    cem = voice("cem", (7.0, 23.0), SECONDS)
    every = (ann, ben, cem)
    mixed = [
        sum((1.0 if own is other else 0.15) * other for other in every) + noise(seed=at)
        for at, own in enumerate(every)
    ]
    sounds = found(*mixed)
    assert max(level(sounds.each[2].read(0, SECONDS), start) for start in (*ANN, *BEN)) < 20
    assert level(sounds.each[2].read(0, SECONDS), 7.0) > 2000


@pytest.mark.parametrize("gain", [1.0, -1.0, 0.7, 0.2, -0.05])
def test_one_recording_on_both_channels_is_heard_once_and_said(gain: float) -> None:
    mono = ann + ben + noise()
    sounds = found(mono, gain * mono)
    assert [each.channel for each in sounds.each] == [None]
    [loss] = sounds.degraded
    assert loss.stage == "diarization"
    assert "All channels hold the same sound" in loss.reason
    assert "diarize" in loss.reason


@pytest.mark.parametrize("name", ["a.mp3", "a.opus", "a.m4a"])
@pytest.mark.parametrize("gain", [-1.0, 0.4])
async def test_codecs_do_not_hide_that_the_channels_are_the_same(
    name: str, gain: float, tmp_path: Path
) -> None:
    path = tmp_path / name
    ffmpeg("-i", SAMPLE, "-af", f"pan=stereo|c0=c0|c1={gain}*c0", "-b:a", "32k", path)
    with path.open("rb") as file:
        pcm = await decode(file, max_seconds=60, scratch=tmp_path, separate=True)
    assert len(pcm.channels) == 2
    assert len(sounds_of(pcm, separate=True, cancelled=lambda: False).each) == 1
    pcm.close()


def test_a_room_that_both_channels_hear_alike_is_heard_once() -> None:
    """Two microphones of one recorder: the same voices, a little apart, each with noise of its own."""
    sounds = found(ann + 0.8 * later(ben, 1) + noise(50, 1), 0.8 * later(ann, 1) + ben + noise(50, 2))
    assert [each.channel for each in sounds.each] == [None]


def test_a_part_that_is_the_same_on_both_channels_is_heard_on_one() -> None:
    """As where a mono recording was joined to one in stereo."""
    jingle = voice("cem", (22.5,), SECONDS)
    sounds = found(ann + jingle + noise(seed=1), ben + jingle + noise(seed=2))
    levels = sorted(level(each.read(0, SECONDS), 22.5) for each in sounds.each)
    assert levels[0] < 20
    assert levels[1] > 2000


def test_one_channel_with_sound_is_heard_once_and_said() -> None:
    mono = recording(ann)
    sounds = sounds_of(mono, separate=True, cancelled=lambda: False)
    assert [each.channel for each in sounds.each] == [None]
    assert "only one channel with sound" in sounds.degraded[0].reason


def test_the_energies_are_those_of_all_channels_together() -> None:
    energies = found(ann + noise(seed=1), ben + noise(seed=2)).energies
    assert len(energies) == round(SECONDS / 0.02)
    for start in (*ANN, *BEN):
        assert energies[round((start + 0.3) / 0.02)] > 1000
    assert energies[round(4.5 / 0.02)] < 100


def test_a_part_is_read_as_it_is_in_the_whole() -> None:
    sound = found(ann + 0.2 * ben + noise(seed=1), ben + noise(seed=2)).each[0]
    whole = sound.read(0, SECONDS)
    for start, end in ((0.0, 5.3), (5.3, 5.4), (5.25, 12.31), (12.31, SECONDS)):
        part = whole[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        assert np.array_equal(sound.read(start, end), part)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    channels = (ann + 0.2 * ben + noise(seed=1), ben + 0.2 * ann + noise(seed=2))
    whole = found(*channels)
    monkeypatch.setattr("spotscribe_audio.speech.sounds._BLOCK_HOPS", 7)
    pieces = found(*channels)
    assert np.array_equal(whole.energies, pieces.energies)
    for one, other in zip(whole.each, pieces.each, strict=True):
        assert np.array_equal(one.muted, other.muted)
        assert len(one.muted)


def test_comparing_ends_when_it_is_cancelled() -> None:
    with pytest.raises(CancelledWorkError):
        sounds_of(recording(ann, ben), separate=True, cancelled=lambda: True)


def test_single_hops_and_the_ends_of_copies_are_not_muted() -> None:
    copies = np.array([0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0], dtype=bool)
    muted = np.flatnonzero(crosstalk.sustained(copies))
    assert muted.tolist() == [5, 6, 7, 8, 9, 10]
