"""Reports a transcript without words, unless the audio is silent."""

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.speech.windows import FRAME_SECONDS
from spotscribe_common.contract import Degradation

# Root mean square of 16-bit samples, 50 dB below full scale: a quiet voice is above, a quiet room is below.
_AUDIBLE = 104.0
# Less than this is a knock, or somebody who puts the recorder down.
_LEAST_SECONDS = 1.0


def wordless(energies: NDArray[np.float32]) -> list[Degradation]:
    """What to say of audio in which no word was found; nothing if there is little to be heard.

    Args:
        energies: of the whole audio, from :func:`spotscribe_audio.speech.windows.frame_energies`.
    """
    seconds = float(np.count_nonzero(energies >= _AUDIBLE)) * FRAME_SECONDS
    if seconds < _LEAST_SECONDS:
        return []
    reason = (
        f"No words were found, although {seconds:.0f} s of the audio are not silent. It may hold no speech, "
        "or speech that is too faint or too distorted."
    )
    return [Degradation(stage="transcript", reason=reason)]
