"""A pyannote pipeline of some kilobytes, in the layout of community-1, that tells tones apart as voices."""

from pathlib import Path
from typing import Any

# Bands in Hz of the three speakers that a chunk may hold, and those by which a voice is known again.
_SPEAKER_BANDS = [100.0, 500.0, 1500.0, 4000.0]
_VOICE_BANDS = [100.0, 300.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, 4000.0]
# One voice in each of the speakers' bands, in Hz.
LOW, MIDDLE, HIGH = 200.0, 800.0, 2500.0
_CONFIG = """\
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 32
    embedding: $model/embedding
    embedding_batch_size: 32
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering:
    threshold: 0.6
    Fa: 0.07
    Fb: 0.8
  segmentation:
    min_duration_off: 0.0
"""


def tiny_pyannote(directory: Path) -> None:
    """Writes a directory that `Pipeline.from_pretrained` of pyannote 4.0 loads."""
    from spotscribe_testing.models.tiny_pyannote_models import BandEmbedding, BandSegmentation

    _write(directory, BandSegmentation(edges=_SPEAKER_BANDS), BandEmbedding(edges=_VOICE_BANDS))
    _save_plda(directory / "plda", len(_VOICE_BANDS) - 1)


def resnet_pyannote(directory: Path) -> None:
    """The same with the network of community-1 for voices, WeSpeaker's ResNet34, and random weights."""
    import torch
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    from spotscribe_testing.models.tiny_pyannote_models import BandSegmentation

    torch.manual_seed(1)
    network = WeSpeakerResNet34()
    _write(directory, BandSegmentation(edges=_SPEAKER_BANDS), network)
    _save_plda(directory / "plda", network.dimension)


def _write(directory: Path, segmenting: Any, embedding: Any) -> None:
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    from spotscribe_testing.models.tiny_pyannote_models import SPEAKERS

    directory.mkdir(parents=True)
    (directory / "config.yaml").write_text(_CONFIG)
    segmentation = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=[f"speaker#{number + 1}" for number in range(SPEAKERS)],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    _save(segmenting, segmentation, directory / "segmentation")
    voices = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=10.0, min_duration=2.0
    )
    _save(embedding, voices, directory / "embedding")


def _save(model: Any, specifications: Any, directory: Path) -> None:
    """A checkpoint as pyannote's training leaves it: lightning's keys, and pyannote's own."""
    import lightning
    import torch

    model.specifications = specifications
    directory.mkdir()
    checkpoint: dict[str, Any] = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": lightning.__version__,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, directory / "pytorch_model.bin")


def _save_plda(directory: Path, dimension: int) -> None:
    """One that changes nothing but the vectors' length, to that of the real one: VBx is tuned to it."""
    import numpy as np

    directory.mkdir()
    lengthened = 128
    zeros = np.zeros(lengthened)
    np.savez(
        directory / "xvec_transform.npz",
        mean1=np.zeros(dimension),
        mean2=zeros,
        lda=np.eye(dimension, lengthened),
    )
    # Ten times as much between speakers as within one, in every direction.
    np.savez(directory / "plda.npz", mu=zeros, tr=np.eye(lengthened), psi=np.full(lengthened, 10.0))
