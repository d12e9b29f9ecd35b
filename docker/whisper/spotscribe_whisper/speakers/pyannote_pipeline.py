"""Pyannote's pipeline: loaded from local files alone, and asked about one section of audio at a time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_common.errors import ModelMissingError
from spotscribe_common.process.memory import is_out_of_memory, release_memory, trim_heap
from spotscribe_common.process.offline import go_offline
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.liveness import mark
from spotscribe_whisper.engines.gpu_turns import go_first
from spotscribe_whisper.speakers.diarizer import SpeakerCount, VoiceDistances, VoiceEmbedding
from spotscribe_whisper.speakers.pyannote_embedding import share_frames
from spotscribe_whisper.speakers.pyannote_files import check_diarization_model

_log = logging.getLogger(__name__)
# Chunks of 10 s at a time, (segmentation, embeddings). On a GPU cuDNN may choose a workspace of 0.36 GB for
# each of the embeddings' chunks (10.5 GB were seen for 29 of them: pyannote/pyannote-audio#1963), so that 8
# stay below 3 GB, beside the other models. On a CPU these take 0.25 GB. Frames are shared within a batch, so
# one of embeddings holds whole chunks, each with all speakers that a chunk may have.
_BATCHES = {"cuda": (16, 8), "cpu": (4, 2)}
# The embeddings' part of the time: 0.85, as measured on a CPU with networks of the real size, before frames
# were shared, which divides it by 2.6.
_EMBEDDING_SHARE = 0.7


@dataclass(frozen=True)
class PyannoteModel:
    """Weights with which pyannote's pipeline diarizes.

    Attributes:
        engine: name of the engine in results.
        model: name of the model's directory.
        load: makes the pipeline from the directory of the model, one for caches, and a GPU's priority.
        distances: how far apart its embeddings of the same person may be.
    """

    engine: str
    model: str
    load: Callable[[Path, Path, GpuPriority | None], Any]
    distances: VoiceDistances


@dataclass(frozen=True)
class Turn:
    """A speaker's turn, in seconds from the section's start."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True)
class Piece:
    """What was found in one section: exclusive turns, and the voice of each of their speakers."""

    turns: list[Turn]
    voices: dict[str, VoiceEmbedding]

    def seconds(self, speaker: str) -> float:
        """How long a speaker speaks."""
        return sum(turn.end - turn.start for turn in self.turns if turn.speaker == speaker)


def is_installed() -> bool:
    """Whether pyannote can be imported."""
    return find_spec("pyannote") is not None and find_spec("pyannote.audio") is not None


def import_pyannote(scratch: Path) -> None:
    """Imports pyannote without a way out of the machine.

    Args:
        scratch: directory for the caches of the libraries.

    Raises:
        ModelMissingError: it is not installed.
    """
    go_offline(scratch / "cache")
    try:
        import pyannote.audio.pipelines  # noqa: F401, PLC0415
    except ImportError as error:
        raise ModelMissingError(
            f"pyannote.audio is not installed ({error}). Install requirements.production.txt."
        ) from error


def load_pipeline(directory: Path, scratch: Path, gpu_priority: GpuPriority | None = None) -> Any:
    """A `pyannote.audio` pipeline on the GPU, if there is one.

    The checkpoints are pickles, which can run code when they are loaded, and pyannote loads them without
    `weights_only`. They are trusted because the model cache is filled from pinned SHA-256 sums and mounted
    read-only; nothing that a caller sends is ever a path to a model.

    Args:
        directory: in the layout of `speaker-diarization-community-1`.
        scratch: directory for the caches of the libraries.
        gpu_priority: held while one of the networks computes, and not while voices are compared.

    Raises:
        ModelMissingError: a file is missing or corrupt, or would be fetched; the message names it.
    """
    check_diarization_model(directory)
    import_pyannote(scratch)
    from pyannote.audio import Pipeline  # noqa: PLC0415

    try:
        pipeline = Pipeline.from_pretrained(directory)
    except Exception as error:  # whatever a checkpoint of something else leads to
        raise ModelMissingError(
            f"The diarization model in {directory} cannot be loaded: {type(error).__name__}: {error}. "
            f"Fetch it again."
        ) from error
    # The configuration may ask for the answer of pyannote 3, which lacks the exclusive turns.
    pipeline.legacy = False
    return made_ready(pipeline, gpu_priority)


# Embeddings of WeSpeaker's ResNet34.
# `same`: public `speaker-diarization-3.1` of pyannote joins clusters whose centroids, means of unit vectors,
# are at most 0.7046 apart. Such a mean is shorter than one: at a length of 0.8 that is
# 0.7046² / (2 · 0.8²) = 0.39 between the directions, which are compared here. The length of 0.8 is an
# estimate, not a measurement.
# `known`: measured elsewhere between recordings of several hundred people: up to 0.45, 37 to 71 % of the same
# voices were refused and none confused; up to 0.65, 14 to 22 % and 0.5 to 0.9 % (BasedHardware/omi#12935).
COMMUNITY = PyannoteModel("pyannote", "diarization", load_pipeline, VoiceDistances(same=0.4, known=0.65))


def made_ready(pipeline: Any, gpu_priority: GpuPriority | None = None) -> Any:
    """The pipeline on the GPU, if there is one.

    Args:
        pipeline: a `SpeakerDiarization` of pyannote's.
        gpu_priority: held while one of its networks computes.
    """
    import torch  # noqa: PLC0415

    pipeline.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    share_frames(pipeline._embedding.model_)
    for network in (pipeline._segmentation.model, pipeline._embedding.model_):
        go_first(network, gpu_priority or GpuPriority(None))
    return pipeline


def reset_batches(pipeline: Any) -> None:
    """Sets the batch sizes that suit the pipeline's device."""
    pipeline.segmentation_batch_size, chunks = _BATCHES[pipeline.device.type]
    speakers = len(pipeline._segmentation.model.specifications.classes)
    pipeline.embedding_batch_size = chunks * speakers


def diarize(
    pipeline: Any, samples: NDArray[np.float32], count: SpeakerCount, progress: Callable[[float], None]
) -> Piece:
    """Diarizes one section; after running out of memory once more, with half the batches.

    Args:
        pipeline: from :func:`load_pipeline`.
        samples: 16 kHz mono, between -1 and 1.
        count: bounds for this section.
        progress: told how much is done, 0 to 1; what it raises comes out of here.
    """
    try:
        return _asked(pipeline, samples, count, progress)
    except (MemoryError, RuntimeError) as error:
        batches = (pipeline.segmentation_batch_size, pipeline.embedding_batch_size)
        if not is_out_of_memory(error) or max(batches) == 1:
            raise
        _log.warning("diarization ran out of memory with batches of %d and %d: %s", *batches, error)
    # Outside of the handler: the error's traceback would keep the tensors.
    pipeline.segmentation_batch_size, pipeline.embedding_batch_size = (max(size // 2, 1) for size in batches)
    trim_heap()
    release_memory()
    return _asked(pipeline, samples, count, progress)


def _asked(
    pipeline: Any, samples: NDArray[np.float32], count: SpeakerCount, progress: Callable[[float], None]
) -> Piece:
    import torch  # noqa: PLC0415

    def hook(step: str, *_: object, completed: int = 0, total: int | None = None, **__: object) -> None:
        trim_heap()
        mark()
        done = min(completed / total, 1.0) if total else 0.0
        if step == "segmentation":
            progress(done * (1 - _EMBEDDING_SHARE))
        elif step == "embeddings" and total:
            progress(1 - _EMBEDDING_SHARE + done * _EMBEDDING_SHARE)

    audio = {"waveform": torch.from_numpy(samples[np.newaxis]), "sample_rate": SAMPLE_RATE}
    bounds = {"num_speakers": count.exact, "min_speakers": count.least, "max_speakers": count.most}
    try:
        output = pipeline(audio, hook=hook, **bounds)
    except ValueError as error:
        # k-means' word where there are fewer pieces of speech than speakers are asked for.
        if "n_clusters" not in str(error):
            raise
        _log.warning("too little speech for %s: diarized without bounds", count)
        output = pipeline(audio, hook=hook)
    return _piece(output, len(samples) / SAMPLE_RATE)


def _piece(output: Any, duration: float) -> Piece:
    """Turns in order, cut to the audio (pyannote pads its last chunk) and never overlapping."""
    turns: list[Turn] = []
    tracks = output.exclusive_speaker_diarization.itertracks(yield_label=True)
    for segment, _, speaker in sorted(tracks, key=lambda track: (track[0].start, track[0].end)):
        # Where the configuration fills a speaker's short gaps (`min_duration_off`), turns can overlap.
        start = max(float(segment.start), turns[-1].end if turns else 0.0)
        end = min(float(segment.end), duration)
        if end > start:
            turns.append(Turn(start, end, str(speaker)))
    labels = output.speaker_diarization.labels()
    voices = dict(zip(map(str, labels), output.speaker_embeddings, strict=True))
    return Piece(turns, {turn.speaker: voices[turn.speaker] for turn in turns})
