"""The sets of audio that are measured, made from recordings with fixed seeds."""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy import joining, sounds, spoiling
from spotscribe_bench.accuracy.recordings import Recording

NO_SPEECH = "no-speech"
PLAIN = "plain"
# In what order they are measured. All but `plain` and `no-speech` are made worse than the recordings.
SETS = (PLAIN, "telephone", "noise", "opus", "quiet", "fast", "joined", "long", NO_SPEECH)
SPOILED = SETS[1:-1]
# How many other recordings make the babble of the set `noise`.
_VOICES = 4


class Clip(NamedTuple):
    """What is transcribed at once.

    Attributes:
        set: name of its set.
        name: unique in the set.
        group: of its recording; empty where several were joined.
        samples: 16 kHz mono.
        text: what is said; empty if nothing is.
    """

    set: str
    name: str
    group: str
    samples: Samples
    text: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def chosen_sets() -> list[str]:
    """The sets that the variable `BENCH_SETS` names, separated by commas; all without it.

    Raises:
        ValueError: one does not exist.
    """
    said = os.environ.get("BENCH_SETS", "")
    wanted = [name.strip() for name in said.split(",") if name.strip()] or list(SETS)
    unknown = [name for name in wanted if name not in SETS]
    if unknown:
        raise ValueError(f"BENCH_SETS must name sets among {', '.join(SETS)}; got {', '.join(unknown)}.")
    return [name for name in SETS if name in wanted]


def clips(name: str, recordings: Sequence[Recording]) -> list[Clip]:
    """The clips of a set.

    Args:
        name: one of `SETS`.
        recordings: those with a text, and those of the group `no-speech`.
    """
    spoken = [each for each in recordings if each.text]
    random = np.random.default_rng(SETS.index(name))
    if name == NO_SPEECH:
        noises = [each.samples for each in recordings if not each.text]
        return [Clip(name, what, "", samples, "") for what, samples in _without_speech(noises, random)]
    if name in {"joined", "long"}:
        files = joining.joined(spoken, random) if name == "joined" else joining.long(spoken, random)
        return [Clip(name, file, "", samples, text) for file, samples, text in files]
    if name == "noise":
        made = [spoiling.noise(each.samples, _others(each, spoken, random), random) for each in spoken]
    else:
        spoil = _SPOILING[name]
        made = [spoil(each.samples) for each in spoken]
    return [
        Clip(name, each.id, each.group, samples, each.text)
        for each, samples in zip(spoken, made, strict=True)
    ]


_SPOILING: dict[str, Callable[[Samples], Samples]] = {
    PLAIN: lambda samples: samples,
    "telephone": spoiling.telephone,
    "opus": spoiling.opus,
    "quiet": spoiling.quiet,
    "fast": spoiling.fast,
}


def _others(each: Recording, spoken: Sequence[Recording], random: np.random.Generator) -> list[Samples]:
    """Recordings of other speakers, or others of the same one if there are none."""
    others = [other for other in spoken if other.speaker != each.speaker]
    others = others or [other for other in spoken if other.id != each.id] or [each]
    drawn = random.permutation(len(others))[:_VOICES]
    return [others[number].samples for number in drawn]


def _without_speech(noises: Sequence[Samples], random: np.random.Generator) -> list[tuple[str, Samples]]:
    made = [
        ("silence", sounds.silence(30)),
        ("quiet room", sounds.pink_noise(60, -70, random)),
        ("white noise", sounds.white_noise(30, -40, random)),
        ("pink noise", sounds.pink_noise(40, -25, random)),
        ("hum", sounds.hum(30)),
        ("music", sounds.music(60, random)),
        ("music without rhythm", sounds.music(40, random, rhythm=False)),
        ("ringing", sounds.ringing(30)),
        ("engaged tone", sounds.engaged(20)),
        ("clicks", sounds.clicks(30, random)),
    ]
    return [*made, ("recorded noises", np.concatenate(noises))] if noises else made
