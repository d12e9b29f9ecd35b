"""CAM++ as an embedding of pyannote's: from a chunk's samples, and who speaks when in it, to voices."""

from typing import Any

import torch
from pyannote.audio.core.model import Model
from torch import Tensor
from torch.nn import functional
from torchaudio.compliance import kaldi

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_whisper.speakers.open_weights.network import DIMENSION, MEL_BINS, CamPlusPlus

# Frames of the filterbank, 25 ms every 10 ms.
_FRAME = round(0.025 * SAMPLE_RATE)
_STEP = round(0.010 * SAMPLE_RATE)
# What is shorter is widened to this: a statistic of fewer frames says nothing.
_LEAST_FRAMES = 20


class CamPlusPlusEmbedding(Model):  # type: ignore[misc]
    """Computes one voice at a time, so that memory does not grow with the batch.

    The frames in which a speaker is silent are left out before the network, whose context is that of all
    frames that it is given.
    """

    dimension = DIMENSION

    def __init__(self) -> None:
        super().__init__(sample_rate=SAMPLE_RATE, num_channels=1)
        self.network = CamPlusPlus()

    def forward(self, waveforms: Tensor, weights: Tensor | None = None) -> Tensor:
        """Embeddings of shape (batch, `DIMENSION`); NaN where nobody speaks.

        Args:
            waveforms: shape (batch, 1, samples), 16 kHz, between -1 and 1.
            weights: who speaks when, of shape (batch, frames of any length), 0 to 1. All, without it.

        Raises:
            ValueError: the waveforms are shorter than the shortest voice.
        """
        found = []
        for number, waveform in enumerate(waveforms):
            # A chunk comes once for each speaker that it may hold.
            if number == 0 or not torch.equal(waveform, waveforms[number - 1]):
                frames = _filterbank(waveform)
            spoken = frames if weights is None else frames[_spoken(weights[number], len(frames))]
            found.append(self._voice(spoken))
        return torch.stack(found)

    def _voice(self, frames: Tensor) -> Tensor:
        if len(frames) == 0:
            return frames.new_full((DIMENSION,), torch.nan)
        voice: Tensor = self.network((frames - frames.mean(dim=0)).unsqueeze(0))[0]
        return voice


def _filterbank(waveform: Tensor) -> Tensor:
    """Log energies of shape (frames, `MEL_BINS`)."""
    least = _FRAME + (_LEAST_FRAMES - 1) * _STEP
    if waveform.shape[-1] < least:
        raise ValueError(f"A voice takes {least} samples at least; got {waveform.shape[-1]}.")
    settings: dict[str, Any] = {"num_mel_bins": MEL_BINS, "sample_frequency": SAMPLE_RATE, "dither": 0.0}
    frames: Tensor = kaldi.fbank(waveform, **settings)
    return frames


def _spoken(weights: Tensor, frames: int) -> Tensor:
    """Which of so many frames are spoken; of some, no fewer than `_LEAST_FRAMES`."""
    spoken = functional.interpolate(weights[None, None].float(), size=frames)[0, 0] > 0.5
    while 0 < int(spoken.sum()) < _LEAST_FRAMES:
        spoken = functional.max_pool1d(spoken[None].float(), 3, stride=1, padding=1)[0] > 0
    return spoken
