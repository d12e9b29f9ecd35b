"""Pyannote's pipeline with weights that everybody may fetch, loaded from local files alone."""

from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.speakers.diarizer import VoiceDistances
from spotscribe_whisper.speakers.pyannote_files import check_archive
from spotscribe_whisper.speakers.pyannote_pipeline import PyannoteModel, import_pyannote, made_ready

# Files of the model's directory, as the catalogue of models names them.
SEGMENTATION = "segmentation-3.0.bin"
EMBEDDING = "campplus.pt"
# Chosen on joined recordings, and judged on those of other people: docs/decisions/054.
_CLUSTERING = {"method": "centroid", "min_cluster_size": 12, "threshold": 0.75}


def load_open_pipeline(directory: Path, scratch: Path, gpu_priority: GpuPriority | None = None) -> Any:
    """A `pyannote.audio` pipeline on the GPU, if there is one.

    Nothing in the files is run: only tensors and three plain classes of pyannote's are read.

    Args:
        directory: contains `SEGMENTATION` and `EMBEDDING`.
        scratch: directory for the caches of the libraries.
        gpu_priority: held while one of the networks computes, and not while voices are compared.

    Raises:
        ModelMissingError: a file is missing or corrupt; the message names it.
    """
    for name in (SEGMENTATION, EMBEDDING):
        check_archive(directory / name, "Push the model `diarization-open`.")
    import_pyannote(scratch)
    try:
        pipeline = _pipeline(directory)
    except Exception as error:  # whatever a file of something else leads to
        raise ModelMissingError(
            f"The diarization model in {directory} cannot be loaded: {type(error).__name__}: {error}. "
            f"Fetch it again."
        ) from error
    return made_ready(pipeline, gpu_priority)


# Measured on joined recordings of four readers, and confirmed on three others (docs/decisions/054). `same`:
# means of a voice over a minute were 0.00 to 0.10 apart, those of two people 0.38 to 0.99. `known`: of the
# same person's recordings of 4 s, 0 % are refused (26 to 33 % by telephone); 0 to 4.4 % of other people's are
# below it.
OPEN = PyannoteModel("campplus", "diarization-open", load_open_pipeline, VoiceDistances(same=0.3, known=0.5))


def _pipeline(directory: Path) -> Any:
    from pyannote.audio.core.plda import PLDA  # noqa: PLC0415
    from pyannote.audio.pipelines import SpeakerDiarization  # noqa: PLC0415

    pipeline = SpeakerDiarization(
        segmentation=_segmentation(directory / SEGMENTATION),
        embedding=_embedding(directory / EMBEDDING),
        embedding_exclude_overlap=True,
        clustering="AgglomerativeClustering",
        # pyannote 4.0 wants one for every kind of clustering. This one does not use it.
        plda=object.__new__(PLDA),
    )
    # Two voices of one chunk are two speakers.
    pipeline.clustering.constrained_assignment = True
    return pipeline.instantiate({"clustering": _CLUSTERING, "segmentation": {"min_duration_off": 0.0}})


def _segmentation(file: Path) -> Any:
    import torch  # noqa: PLC0415
    from pyannote.audio.core.task import Problem, Resolution, Specifications  # noqa: PLC0415
    from pyannote.audio.models.segmentation import PyanNet  # noqa: PLC0415
    from torch.torch_version import TorchVersion  # noqa: PLC0415

    with torch.serialization.safe_globals([Problem, Resolution, Specifications, TorchVersion]):
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    settings = checkpoint["hyper_parameters"]
    network = PyanNet(**{name: settings[name] for name in ("sincnet", "lstm", "linear")})
    network.specifications = checkpoint["pyannote.audio"]["specifications"]
    network.build()
    network.load_state_dict(checkpoint["state_dict"])
    return network


def _embedding(file: Path) -> Any:
    import torch  # noqa: PLC0415

    from spotscribe_whisper.speakers.open_weights.embedding import CamPlusPlusEmbedding  # noqa: PLC0415

    embedding = CamPlusPlusEmbedding()
    embedding.network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return embedding
