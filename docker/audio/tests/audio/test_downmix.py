"""Channels to one: what is said in any of them is still there, whatever the phases."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.downmix import Downmix, MixedFile, weights_of
from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import SAMPLE

Audio = NDArray[np.float64]
# Voices at 0.9 to 3.5 kHz say which words these are.
_BAND = slice(900, 3500)


def _written(path: Path, samples: NDArray[np.int16]) -> Path:
    path.write_bytes(samples.tobytes())
    return path


async def decoded(path: Path) -> Audio:
    with path.open("rb") as file:
        pcm = await decode(file, max_seconds=3600, scratch=path.parent)
    samples = pcm.read(0, pcm.duration).astype(float)
    pcm.close()
    return samples


def spectrogram(samples: Audio) -> Audio:
    """Energies by half a second and 20 Hz, of the band that words live in."""
    length = SAMPLE_RATE // 20
    frames = samples[: len(samples) // length * length].reshape(-1, length) * np.hanning(length)
    energies = np.abs(np.fft.rfft(frames)) ** 2
    return energies[:, _BAND.start // 20 : _BAND.stop // 20]


def kept(samples: Audio, speech: Audio) -> float:
    """Share of the speech's spectrogram that is in the samples, whatever their level: 1 for all of it."""
    length = min(len(samples), len(speech))
    found, wanted = spectrogram(samples[:length]), spectrogram(speech[:length])
    return float((found * wanted).sum() / np.sqrt((found**2).sum() * (wanted**2).sum()))


def level(samples: Audio, speech: Audio) -> float:
    """Energy beside the speech's, in dB."""
    return float(10 * np.log10(spectrogram(samples).sum() / spectrogram(speech).sum() + 1e-12))


FILTERS = {
    "the same twice": "pan=stereo|c0=c0|c1=c0",
    "inverted": "pan=stereo|c0=c0|c1=-1*c0",
    "inverted and quieter": "pan=stereo|c0=c0|c1=-0.9*c0",
    "inverted first": "pan=stereo|c0=-1*c0|c1=c0",
    "inverted from the middle on": "pan=stereo|c0=c0|c1=c0,aeval=val(0)|val(1)*(1-2*gt(t\\,4)):c=same",
    "inverted at each other second": (
        "pan=stereo|c0=c0|c1=c0,aeval=val(0)|val(1)*(1-2*mod(floor(t)\\,2)):c=same"
    ),
    "later by half a period of 1 kHz": "pan=stereo|c0=c0|c1=c0,adelay=0|8S:all=0",
    "later by 4 ms": "pan=stereo|c0=c0|c1=c0,adelay=0|4",
    "inverted and later": "pan=stereo|c0=c0|c1=-1*c0,adelay=0|2",
    "one silent": "pan=stereo|c0=0*c0|c1=c0",
    "one constant": "pan=stereo|c0=c0|c1=0*c0,aeval=val(0)|0.4:c=same",
    "opposite constants": "pan=stereo|c0=c0|c1=-1*c0,aeval=val(0)*0.5+0.4|val(1)*0.5-0.4:c=same",
    "a hum in both, the speech inverted": (
        "pan=stereo|c0=0.5*c0|c1=-0.5*c0,aeval=val(0)+0.4*sin(314*t)|val(1)+0.4*sin(314*t):c=same"
    ),
    "a hum in one": "pan=stereo|c0=0*c0|c1=c0,aeval=0.4*sin(314*t)|val(1):c=same",
    "surround, the fronts inverted": "pan=5.1|c0=c0|c1=-1*c0",
    "surround, each pair inverted": "pan=5.1|c0=c0|c1=-1*c0|c2=0.1*c0|c4=c0|c5=-1*c0",
    "surround, the centre inverted": "pan=5.1|c0=0.7*c0|c1=0.7*c0|c2=-1*c0",
    "four corners, the backs inverted": "pan=quad|c2=c0|c3=-1*c0",
    "six around, the one at the back inverted": "pan=hexagonal|c3=0.7*c0|c4=0.7*c0|c5=-1*c0",
    "three in front, the centre inverted": "pan=3.0|c0=0.7*c0|c1=0.7*c0|c2=-1*c0",
    "two at the back of a layout without a name": "pan=FL+FR+BC+SL|c2=c0|c3=-1*c0",
    "only where films have their rumble": "pan=5.1|c3=c0",
    "a recorder with eight inputs, two of them inverted": "pan=octagonal|c2=c0|c5=-1*c0",
    "sixteen inputs, one of them spoken into": "pan=16c|c9=c0",
}


CODED = ["inverted", "inverted from the middle on", "surround, each pair inverted"]
LAYOUTS = ["four corners, the backs inverted", "two at the back of a layout without a name"]


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        *((name, "wav") for name in FILTERS),
        *((name, "flac") for name in LAYOUTS),
        *((name, "m4a") for name in CODED),
    ],
)
async def test_speech_is_still_there(name: str, extension: str, tmp_path: Path) -> None:
    mono, several = tmp_path / "mono.wav", tmp_path / f"several.{extension}"
    ffmpeg("-t", "8", "-i", SAMPLE, "-ac", "1", mono)
    ffmpeg("-i", mono, "-af", FILTERS[name], *(["-b:a", "256k"] if extension == "m4a" else []), several)
    speech, mixed = await decoded(mono), await decoded(several)
    assert abs(len(mixed) - len(speech)) < SAMPLE_RATE / 5
    assert level(mixed, speech) > -9
    # Codecs begin a little later.
    if extension != "m4a":
        assert kept(mixed, speech) > 0.8


async def test_what_is_in_phase_is_their_mean_to_the_bit(tmp_path: Path) -> None:
    mono, twice = tmp_path / "mono.wav", tmp_path / "twice.wav"
    ffmpeg("-i", SAMPLE, "-ac", "1", "-ar", "16000", mono)
    ffmpeg("-i", mono, "-af", "pan=stereo|c0=c0|c1=c0", twice)
    assert np.array_equal(await decoded(mono), await decoded(twice))


@pytest.mark.parametrize("extension", ["mp3", "aac", "ogg", "ts", "flac"])
async def test_speech_is_still_there_after_a_mono_file_has_gone_on_in_inverted_stereo(
    extension: str, tmp_path: Path
) -> None:
    mono, inverted = tmp_path / f"mono.{extension}", tmp_path / f"inverted.{extension}"
    ffmpeg("-t", "6", "-i", SAMPLE, "-ac", "1", "-ar", "44100", mono)
    ffmpeg("-i", mono, "-af", FILTERS["inverted"], "-ar", "44100", "-b:a", "192k", inverted)
    speech, more = await decoded(mono), await decoded(inverted)
    both = tmp_path / "both"
    both.write_bytes(mono.read_bytes() + inverted.read_bytes())
    mixed = await decoded(both)
    # Joined codecs add some hundredths of a second each.
    assert abs(len(mixed) - len(speech) - len(more)) < SAMPLE_RATE / 5
    assert level(mixed[-5 * SAMPLE_RATE :], speech[-5 * SAMPLE_RATE :]) > -9


async def test_a_mono_file_is_copied_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(4).integers(-32_768, 32_768, 70_001).astype("<i2")
    noise[:40_000] = 0
    ffmpeg("-f", "s16le", "-ar", "16000", "-ac", "1", "-i", _written(tmp_path / "noise", noise), path)
    assert np.array_equal(await decoded(path), noise)


@pytest.mark.parametrize("mono", [0, 1, 32_000, 95_000, 100_000])
def test_a_copied_beginning_fits_what_is_mixed_after_it(mono: int) -> None:
    speech = np.random.default_rng(3).normal(0, 3000, 100_000).round().astype(np.int16)
    channels = np.stack([speech, -speech], axis=1)
    channels[:mono, 1] = 0
    blocks = [channels[at : at + 32_000] for at in range(0, len(channels), 32_000)]
    file = BytesIO()
    mixed, mix = MixedFile(file, weights_of("stereo", 2), len(speech)), Downmix(weights_of("stereo", 2))
    for block in blocks:
        mixed.take(block.tobytes())
    expected = np.concatenate([mix.add(block, last=len(block) < 32_000) for block in blocks])
    assert np.array_equal(np.frombuffer(file.getvalue(), np.int16), expected)


@pytest.mark.parametrize("length", [1, 255, 256, 257, 511, 31_999, 32_000, 32_001, 64_000, 100_003])
def test_no_sample_is_lost_or_moved_at_the_edges_of_blocks(length: int) -> None:
    speech = np.random.default_rng(3).normal(0, 3000, length)
    channels = np.stack([speech, -speech], axis=1).round().astype(np.int16)
    mix = Downmix(weights_of("stereo", 2))
    blocks = [channels[at : at + 32_000] for at in range(0, length + 1, 32_000)]
    mixed = np.concatenate([mix.add(block, last=len(block) < 32_000) for block in blocks])
    assert len(mixed) == length
    assert np.abs(mixed - channels[:, 0].astype(int)).max() <= 1


def test_two_people_who_have_a_channel_each_are_both_heard() -> None:
    rng = np.random.default_rng(5)
    speakers = rng.normal(0, 3000, (64_000, 2)) * np.repeat([[1, 0], [0, 1]], 32_000, axis=0)
    mix = Downmix(weights_of("stereo", 2))
    blocks = (speakers[:32_000], speakers[32_000:])
    mixed = np.concatenate([mix.add(block.astype(np.int16)) for block in blocks])
    halves = [float(np.square(part.astype(float)).mean()) for part in (mixed[:31_000], mixed[33_000:63_000])]
    assert min(halves) > (0.4 * 3000) ** 2


def test_the_weights_of_film_sound_and_of_inputs() -> None:
    centre, rumble = 2, 3
    film = weights_of("5.1(side)", 6)
    assert film.argmax() == centre
    assert film.argmin() == rumble
    inputs = ((None, 6), ("stereo", 2), ("16 channels", 16), ("quad", 4), ("hexagonal", 6), ("6.1(front)", 7))
    for layout, channels in inputs:
        assert (weights_of(layout, channels) == 1).all()
