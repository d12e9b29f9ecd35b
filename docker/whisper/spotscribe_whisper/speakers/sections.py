"""Cuts audio that is too long for one diarization into sections, at its silences."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.speech.windows import FRAME_SECONDS, Window, cut_at_silences


def sections(energies: NDArray[np.float32], duration: float, longest: float) -> list[Window]:
    """Sections that cover the audio.

    None is shorter than a third of `longest` (unless the audio is): a short rest would hold too little of
    each voice to know it again.

    Args:
        energies: of the audio's frames of 20 ms.
        duration: length of the audio in seconds.
        longest: greatest length of a section in seconds.
    """
    edges = [0.0, *(cut for cut in cut_at_silences(energies, longest) if cut < duration), duration]
    if len(edges) > 2 and edges[-1] - edges[-2] < longest / 2:
        start = edges[-3]
        del edges[-2]
        both = duration - start
        if both > longest:
            # A cut in the middle third: both parts are between `longest` / 3 and `longest`.
            rest = energies[round(start / FRAME_SECONDS) :]
            edges.insert(-1, round(start + cut_at_silences(rest, both * 2 / 3)[0], 2))
    return [Window(start, end) for start, end in pairwise(edges)]
