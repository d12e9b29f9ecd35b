"""Frames that the voices of a chunk share: with pyannote's own network, and random weights.

Run with `-m production` where requirements.production.txt is installed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_testing.models.tiny_pyannote import HIGH, LOW, resnet_pyannote, tiny_pyannote
from spotscribe_whisper.speakers.pyannote_embedding import share_frames
from spotscribe_whisper.speakers.pyannote_pipeline import load_pipeline, reset_batches

pytestmark = pytest.mark.production
# Differences of single precision: other sizes of batches are computed in another order.
TOLERANCE = 1e-4


@pytest.fixture
def network() -> Any:
    import torch
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    torch.manual_seed(1)
    return WeSpeakerResNet34().eval()


def embedded(network: Any, waveforms: Any, masks: Any = None) -> Any:
    import torch

    with torch.inference_mode():
        return network(waveforms, weights=masks)


def chunks(*numbers: int, seconds: float = 2.0) -> Any:
    """Noise, the same for the same number, of shape (chunks, 1, samples)."""
    import torch

    return torch.stack(
        [
            torch.randn(1, round(seconds * SAMPLE_RATE), generator=torch.Generator().manual_seed(number))
            for number in numbers
        ]
    )


def check_same(one: Any, other: Any) -> None:
    """Shapes, and values but for rounding."""
    import torch

    assert one.shape == other.shape
    assert torch.isfinite(one).all()
    assert (one - other).abs().max() <= TOLERANCE * other.abs().max()


@pytest.mark.parametrize(
    "numbers",
    [
        (1, 1, 1, 2, 2, 2),
        # A batch that ends within a chunk, and one that comes again.
        (1, 1, 2, 2, 2, 3),
        (1, 2, 1),
        (1,),
    ],
)
def test_embeddings_are_those_of_the_plain_network(network: Any, numbers: tuple[int, ...]) -> None:
    import torch

    waveforms = chunks(*numbers)
    torch.manual_seed(2)
    masks = (torch.rand(len(numbers), 117) > 0.5).float()
    plain = embedded(network, waveforms, masks)
    assert share_frames(network)
    shared = embedded(network, waveforms, masks)
    check_same(shared, plain)
    if len(numbers) > 1:
        # Each has its own mask.
        assert (shared[0] - shared[1]).abs().max() > 100 * TOLERANCE * shared.abs().max()


def test_a_speaker_who_says_nothing_has_the_plain_networks_embedding(network: Any) -> None:
    import torch

    waveforms, masks = chunks(1, 1), torch.stack([torch.zeros(117), torch.ones(117)])
    plain = embedded(network, waveforms, masks)
    share_frames(network)
    check_same(embedded(network, waveforms, masks), plain)


def test_without_masks_nothing_changes(network: Any) -> None:
    waveforms = chunks(1, 1, 2)
    plain = embedded(network, waveforms)
    share_frames(network)
    check_same(embedded(network, waveforms), plain)


def test_another_network_stays_as_it_is(tmp_path: Path) -> None:
    tiny_pyannote(tmp_path / "model")
    network = load_pipeline(tmp_path / "model", tmp_path)._embedding.model_
    assert not share_frames(network)
    assert "forward" not in vars(network)


def test_the_loaded_pipeline_computes_each_chunk_once(tmp_path: Path) -> None:
    """A batch holds whole chunks, so that none is computed in two of them."""
    import torch

    resnet_pyannote(tmp_path / "model")
    pipeline = load_pipeline(tmp_path / "model", tmp_path)
    reset_batches(pipeline)
    computed: list[int] = []
    pipeline._embedding.model_.resnet.conv1.register_forward_hook(
        lambda _, given, __: computed.append(len(given[0]))
    )
    asked: list[int] = []
    pipeline._embedding.model_.register_forward_hook(lambda _, given, __: asked.append(len(given[0])))
    at = np.arange(14 * SAMPLE_RATE) / SAMPLE_RATE
    samples = np.sin(2 * np.pi * np.where(at < 7, LOW, HIGH) * at).astype(np.float32) / 4
    pipeline({"waveform": torch.from_numpy(samples[np.newaxis]), "sample_rate": SAMPLE_RATE})
    speakers = len(pipeline._segmentation.model.specifications.classes)
    # Others, of one waveform, look for the shortest that the network accepts.
    masked = [(one, all_) for one, all_ in zip(computed, asked, strict=False) if all_ > 1]
    assert masked
    assert all(chunks * speakers == pairs for chunks, pairs in masked)
