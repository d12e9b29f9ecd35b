"""Cuts long audio into windows at its silences, so that memory stays flat and work can go on after a loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_common.work.liveness import mark

FRAME_SECONDS = 0.02
# A cut wants a pause around it: a single quiet frame is often a stop consonant inside a word.
PAUSE_SECONDS = 0.3
_FRAME = round(FRAME_SECONDS * SAMPLE_RATE)
_BLOCK_SECONDS = 60.0
# Root mean square of 16-bit samples: the dither of a silent recording stays below, any microphone is above.
_SILENT = 2.0


@dataclass(frozen=True)
class Window:
    """A stretch of audio, in seconds from its start."""

    start: float
    end: float


def frame_energies(pcm: Pcm) -> NDArray[np.float32]:
    """Root mean square of each frame of 20 ms, reading the file in blocks of a minute."""
    energies = []
    for block in pcm.blocks(_BLOCK_SECONDS):
        energies.append(energies_of(block))
        mark()
    return np.concatenate(energies) if energies else np.zeros(0, dtype=np.float32)


def energies_of(block: NDArray[np.int16]) -> NDArray[np.float32]:
    """Root mean square of each frame of 20 ms; the last one is filled up with silence."""
    padded = np.zeros(-(-len(block) // _FRAME) * _FRAME, dtype=np.float32)
    padded[: len(block)] = block
    frames = padded.reshape(-1, _FRAME)
    energies: NDArray[np.float32] = np.sqrt(np.mean(frames * frames, axis=1))
    return energies


def cut_at_silences(energies: NDArray[np.float32], longest: float) -> list[float]:
    """Where to cut, in seconds: the middle of the quietest pause in the second half of each window.

    The cuts depend on the audio alone, never on where a run begins: a resumed run makes the same windows.

    Args:
        energies: one value for each frame of 20 ms.
        longest: greatest length of a window in seconds.

    Returns:
        Ascending cuts, without the audio's start and end.
    """
    most = round(longest / FRAME_SECONDS)
    quiet = _smoothed(energies, round(PAUSE_SECONDS / FRAME_SECONDS))
    cuts: list[float] = []
    start = 0
    while len(energies) - start > most:
        least = start + most // 2
        candidates = quiet[least : start + most]
        # The latest of equals: fewer, longer windows in audio that is silent throughout.
        start = least + len(candidates) - 1 - int(np.argmin(candidates[::-1]))
        cuts.append(round(start * FRAME_SECONDS, 2))
    return cuts


def _smoothed(energies: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    if len(energies) < width:
        return energies
    return np.convolve(energies, np.full(width, 1 / width, dtype=np.float32), mode="same").astype(np.float32)


def windows_from(cuts: Sequence[float], start_at: float, duration: float) -> list[Window]:
    """The windows still to be worked on when everything before `start_at` is done.

    Args:
        cuts: from :func:`cut_at_silences`.
        start_at: seconds; the first window begins exactly here.
        duration: length of the audio in seconds.
    """
    edges = [start_at, *(cut for cut in cuts if start_at < cut < duration), duration]
    return [Window(start, end) for start, end in pairwise(edges) if end > start]


def is_silent(energies: NDArray[np.float32], window: Window) -> bool:
    """Whether there is nothing in it that a microphone would have heard.

    Args:
        energies: of the whole audio, from :func:`frame_energies`.
        window: a part of it.
    """
    frames = energies[int(window.start / FRAME_SECONDS) : int(window.end / FRAME_SECONDS) + 1]
    return float(frames.max(initial=0.0)) < _SILENT


def holds_sound(samples: NDArray[np.int16]) -> bool:
    """Whether there is anything in these samples that a microphone would have heard."""
    return float(energies_of(samples).max(initial=0.0)) >= _SILENT
