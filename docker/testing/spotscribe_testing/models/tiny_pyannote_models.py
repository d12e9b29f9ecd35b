"""Two scripted models for pyannote: they tell voices apart by the band of frequencies that is loudest.

In a module of its own, which needs the production environment: a checkpoint names its class by module.
"""

from typing import Any

import torch
from pyannote.audio.core.model import Model

# 20 ms, and as many samples between frames.
_WINDOW = 320
# Frames that a decision is smoothed over.
_SMOOTH = 15
# Power below which nobody speaks: -60 dB of full scale.
_SILENCE = 1e-6
SPEAKERS = 3


class _BandModel(Model):  # type: ignore[misc]
    """Power in bands of frequencies, frame by frame.

    Args:
        edges: frequencies in Hz; each pair of neighbours is a band.
    """

    def __init__(
        self,
        edges: list[float] | None = None,
        sample_rate: int = 16000,
        num_channels: int = 1,
        task: Any = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.save_hyperparameters("edges")
        # The weights: which bins of the spectrum belong to which band.
        bins = torch.fft.rfftfreq(_WINDOW, 1 / sample_rate)
        low, high = torch.tensor(self.hparams.edges[:-1]), torch.tensor(self.hparams.edges[1:])
        self.bands = torch.nn.Parameter(((bins[:, None] >= low) & (bins[:, None] < high)).float())

    def powers(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Mean power of shape (batch, frame, band), smoothed."""
        frames = waveforms[:, 0].unfold(-1, _WINDOW, _WINDOW)
        spectrum = torch.fft.rfft(frames).abs().square() / _WINDOW**2
        powers = (spectrum @ self.bands).transpose(1, 2)
        return torch.nn.functional.avg_pool1d(
            powers, _SMOOTH, stride=1, padding=_SMOOTH // 2, count_include_pad=False
        ).transpose(1, 2)

    def num_frames(self, num_samples: int) -> int:
        return num_samples // _WINDOW

    def receptive_field_size(self, num_frames: int = 1) -> int:
        return num_frames * _WINDOW

    def receptive_field_center(self, frame: int = 0) -> int:
        return frame * _WINDOW + _WINDOW // 2


class BandSegmentation(_BandModel):
    """One speaker for each of three bands; nobody where all are quiet. Two at most at a time are possible."""

    @property
    def dimension(self) -> int:
        return int(self.specifications.num_powerset_classes)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Log probabilities of shape (batch, frame, class): nobody, one of three, two of three."""
        powers = self.powers(waveforms)
        scores = torch.full((*powers.shape[:2], self.dimension), -20.0, device=powers.device)
        scores[..., 0] = _SILENCE
        scores[..., 1 : 1 + SPEAKERS] = powers
        return torch.log_softmax(1e9 * scores, dim=-1)


class BandEmbedding(_BandModel):
    """The distribution of power over finer bands, where a mask says so."""

    @property
    def dimension(self) -> int:
        return len(self.hparams.edges) - 1

    def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Embeddings of shape (batch, band); `weights` are of shape (batch, any number of frames)."""
        powers = self.powers(waveforms)
        if weights is None:
            weights = torch.ones(powers.shape[:2], device=powers.device)
        weights = torch.nn.functional.interpolate(weights[:, None], size=powers.shape[1])[:, 0, :, None]
        loudness = (powers * weights).sum(1).sqrt()
        # Never all zeros: a length of nought has no direction.
        return loudness + 1e-4
