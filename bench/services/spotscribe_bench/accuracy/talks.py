"""Conversations with known speakers: recordings of single speakers joined, and real ones with their turns."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy import sounds
from spotscribe_bench.accuracy.recordings import Recording
from spotscribe_bench.audio import decoded
from spotscribe_bench.sizes import size
from spotscribe_common.contract import SpeakerTurn

# Between two speakers, in seconds: a pause, or how long both speak.
_PAUSE = (0.1, 1.2)
_OVERLAP = (0.2, 0.8)
_OVERLAP_SHARE = 0.15
_ROOM_DB = -65.0
_LONGEST_SECONDS = 60.0
_SPEAKERS = (2, 3, 4)
_TALKS = 3
_LEAST_SECONDS = 10.0
# Frames of 10 ms belong to speech if they are not 30 dB quieter than the loudest; shorter pauses count, too.
_FRAME = SAMPLE_RATE // 100
_QUIETER = 10 ** (-30 / 20)
_SHORT_PAUSE = 0.3
# Standard deviation of a diarizer's boundaries in seconds: an assumption.
_MOVED_SECONDS = 0.3


class Talk(NamedTuple):
    """A conversation.

    Attributes:
        set: `joined` or `real`.
        name: unique in its set.
        samples: 16 kHz mono.
        turns: who speaks when; may overlap.
        texts: what each speaker says; None if nobody wrote it down.
    """

    set: str
    name: str
    samples: Samples
    turns: list[SpeakerTurn]
    texts: dict[str, str] | None


def talk(name: str, recordings: Sequence[Recording], random: np.random.Generator) -> Talk:
    """Joins recordings in their order, with pauses of 0.1 to 1.2 s; some begin before the last has ended.

    The turns are those of the recordings' energy.

    Args:
        name: of the conversation.
        recordings: of any speakers, with texts.
        random: draws pauses, overlaps and the noise of a room.
    """
    placed: list[tuple[int, Recording]] = []
    end = 0.5
    for each in recordings:
        both = bool(placed) and each.speaker != placed[-1][1].speaker and random.uniform() < _OVERLAP_SHARE
        start = end - random.uniform(*_OVERLAP) if both else end + random.uniform(*_PAUSE)
        placed.append((round(start * SAMPLE_RATE), each))
        end = max(end, start + each.seconds)
    mixed = sounds.pink_noise(end + 0.5, _ROOM_DB, random).astype(np.int32)
    turns: list[SpeakerTurn] = []
    texts: dict[str, list[str]] = defaultdict(list)
    for first, each in placed:
        mixed[first : first + len(each.samples)] += each.samples
        texts[each.speaker].append(each.text)
        offset = first / SAMPLE_RATE
        turns += [
            SpeakerTurn(start=offset + began, end=offset + ended, speaker=each.speaker)
            for began, ended in spoken(each.samples)
        ]
    samples = np.clip(mixed, -32768, 32767).astype(np.int16)
    return Talk("joined", name, samples, turns, {speaker: " ".join(said) for speaker, said in texts.items()})


def spoken(samples: Samples) -> list[tuple[float, float]]:
    """Starts and ends of speech in seconds, by the energy; pauses of up to 0.3 s are part of it."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    levels = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(levels > _QUIETER * levels.max()) / 100
    if len(loud) == 0:
        return []
    breaks = np.flatnonzero(np.diff(loud) > _SHORT_PAUSE)
    starts, ends = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, len(loud) - 1]] + 0.01
    return [(float(start), float(end)) for start, end in zip(starts, ends, strict=True)]


def exclusive(turns: Sequence[SpeakerTurn]) -> list[SpeakerTurn]:
    """Ascending turns, each cut where the one before it has not ended."""
    found: list[SpeakerTurn] = []
    for turn in sorted(turns, key=lambda turn: turn.start):
        start = max(turn.start, found[-1].end if found else 0.0)
        if turn.end > start:
            found.append(turn.model_copy(update={"start": start}))
    return found


def moved(turns: Sequence[SpeakerTurn], random: np.random.Generator) -> list[SpeakerTurn]:
    """Exclusive turns whose starts and ends are off by 0.3 s (standard deviation)."""
    return exclusive(
        [
            turn.model_copy(
                update={
                    "start": max(turn.start + random.normal(0, _MOVED_SECONDS), 0.0),
                    "end": turn.end + random.normal(0, _MOVED_SECONDS),
                }
            )
            for turn in exclusive(turns)
        ]
    )


def joined_talks(recordings: Sequence[Recording]) -> list[Talk]:
    """Conversations each of two, three and four speakers with at least 10 s, of 60 s or more.

    `BENCH_TALKS` sets how many of each there are at most; three without it.
    """
    random = np.random.default_rng(54)
    own: dict[str, list[Recording]] = defaultdict(list)
    for each in recordings:
        # Of a recording without a speaker in the manifest nobody knows how many speak.
        if each.text and each.speaker != f"{each.group}/{each.id}":
            own[each.speaker].append(each)
    speakers = [
        speaker for speaker, said in own.items() if sum(each.seconds for each in said) >= _LEAST_SECONDS
    ]
    limit = size("BENCH_TALKS", _TALKS)
    talks = []
    for count in _SPEAKERS:
        groups = list(combinations(speakers, count))
        for number in sorted(random.permutation(len(groups))[:limit]):
            name = "+".join(speaker.rsplit("/")[-1] for speaker in groups[number])
            order = _in_turn([own[speaker] for speaker in groups[number]], random)
            talks.append(talk(name, order, random))
    return talks


def _in_turn(own: Sequence[Sequence[Recording]], random: np.random.Generator) -> list[Recording]:
    """Recordings of the speakers, drawn so that neighbours are of different ones while there are any."""
    left = [list(random.permutation(len(each))) for each in own]
    chosen: list[Recording] = []
    seconds, last = 0.0, -1
    while seconds < _LONGEST_SECONDS:
        free = [speaker for speaker, rest in enumerate(left) if rest and speaker != last]
        if not free:
            break
        last = int(random.choice(free))
        chosen.append(own[last][left[last].pop()])
        seconds += chosen[-1].seconds
    return chosen


def real_talks(folder: Path) -> list[Talk]:
    """The recordings of the manifest with `turns`: lists of start, end, speaker and words, if known."""
    listed = json.loads((folder / "manifest.json").read_text())
    return [_real(folder, each) for each in listed if each.get("turns")]


def _real(folder: Path, each: dict[str, Any]) -> Talk:
    turns = [SpeakerTurn(start=turn[0], end=turn[1], speaker=turn[2]) for turn in each["turns"]]
    texts: dict[str, list[str]] = defaultdict(list)
    for _, _, speaker, *words in each["turns"]:
        texts[speaker] += words
    known = all(len(turn) > 3 for turn in each["turns"])
    said = {speaker: " ".join(parts) for speaker, parts in texts.items()} if known else None
    return Talk("real", each["id"], decoded(folder / each["file"]), turns, said)
