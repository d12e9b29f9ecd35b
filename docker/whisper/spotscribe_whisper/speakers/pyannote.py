"""The production diarizer: pyannote's pipeline, section by section where the audio is long."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_audio.speech.windows import Window, frame_energies
from spotscribe_common.contract import SpeakerTurn
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.process.memory import release_memory
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.speakers.diarizer import Diarized, SpeakerCount, VoiceEmbedding
from spotscribe_whisper.speakers.linking import Voice, link, mean_voice
from spotscribe_whisper.speakers.pyannote_pipeline import (
    Piece,
    PyannoteModel,
    diarize,
    import_pyannote,
    reset_batches,
)
from spotscribe_whisper.speakers.sections import sections

# pyannote holds a section's samples as float32 and compares all pieces of its speech with each other, which
# grows with the square of the length. 30 minutes took 0.24 GB beside the networks, 40 minutes 0.36 GB.
SECTION_SECONDS = 1800.0
_BLOCK_SECONDS = 60.0
# A recording of one voice is repeated up to this length, one chunk of the pipeline's: of less than 2 s of
# speech in a chunk, its clustering takes no embedding.
_CHUNK_SECONDS = 10.0
# Below this much speech an embedding says little about the voice.
_LEAST_SPEECH_SECONDS = 1.0


class PyannoteDiarizer:
    """Diarizes with the first model that is there.

    Args:
        models: directory of model directories.
        scratch: directory for the caches of the libraries.
        choices: models, the preferred one first.
        section: greatest length, in seconds, of audio that is diarized in one piece.
        gpu_priority: held while a network computes.
    """

    def __init__(
        self,
        *,
        models: Path,
        scratch: Path,
        choices: Sequence[PyannoteModel],
        section: float = SECTION_SECONDS,
        gpu_priority: GpuPriority | None = None,
    ) -> None:
        self._models = models
        self._scratch = scratch
        self._choices = choices
        self._section = section
        self._gpu_priority = gpu_priority
        # Of none that is there, the last one is named as missing: it needs no token.
        self._chosen = choices[-1]
        self._pipeline: Any = None

    @property
    def model(self) -> str:
        """Name of the model, which :meth:`load` chooses."""
        return self._chosen.model

    def prepare(self) -> None:
        """Imports pyannote."""
        import_pyannote(self._scratch)

    def load(self) -> None:
        """Loads the pipeline; onto the GPU, if there is one."""
        if self._pipeline is None:
            there = (choice for choice in self._choices if (self._models / choice.model).is_dir())
            self._chosen = next(there, self._chosen)
            directory = self._models / self._chosen.model
            self._pipeline = self._chosen.load(directory, self._scratch, self._gpu_priority)

    def diarize(
        self, pcm: Pcm, count: SpeakerCount, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Diarized:
        """Who speaks when in the whole audio, its speakers numbered by their first words.

        Memory: one section at a time, and the turns so far.
        """
        self.load()
        reset_batches(self._pipeline)
        windows = [Window(0.0, pcm.duration)] if pcm.samples else []
        bounds = count
        if pcm.duration > self._section:
            windows = sections(frame_energies(pcm), pcm.duration, self._section)
            # Not everybody speaks in every section.
            bounds = SpeakerCount(most=count.exact or count.most)
        try:
            found = [
                self._diarized(pcm, window, bounds, _part(progress, window, pcm.duration), cancelled)
                for window in windows
            ]
        finally:
            release_memory()
        progress(1.0)
        chosen = self._chosen
        turns, voices = _joined(windows, found, count, chosen.distances.same)
        return Diarized(chosen.engine, chosen.model, chosen.distances, turns, voices)

    def voice(self, pcm: Pcm) -> VoiceEmbedding | None:
        """The voice that speaks most in a short recording."""
        self.load()
        reset_batches(self._pipeline)
        samples = _floats(pcm, Window(0.0, pcm.duration))
        if len(samples) == 0:
            return None
        times = math.ceil(_CHUNK_SECONDS * SAMPLE_RATE / len(samples))
        try:
            piece = diarize(self._pipeline, np.tile(samples, times), SpeakerCount(exact=1), lambda _: None)
        finally:
            release_memory()
        speaker = max(piece.voices, key=piece.seconds, default=None)
        if speaker is None or piece.seconds(speaker) < _LEAST_SPEECH_SECONDS * times:
            return None
        voice = piece.voices[speaker]
        return voice if np.isfinite(voice).all() and voice.any() else None

    def _diarized(
        self,
        pcm: Pcm,
        window: Window,
        bounds: SpeakerCount,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Piece:
        def step(done: float) -> None:
            if cancelled():
                raise CancelledWorkError
            progress(done)

        step(0.0)
        return diarize(self._pipeline, _floats(pcm, window), bounds, step)


def _part(progress: Callable[[float], None], window: Window, duration: float) -> Callable[[float], None]:
    """Progress of one window as that of the whole; it never goes back, also where a window is tried again."""
    told = 0.0

    def tell(done: float) -> None:
        nonlocal told
        told = max(told, (window.start + done * (window.end - window.start)) / duration)
        progress(told)

    return tell


def _floats(pcm: Pcm, window: Window) -> NDArray[np.float32]:
    """The window's samples between -1 and 1, read a minute at a time: never a second copy of all of them."""
    first = round(window.start * SAMPLE_RATE)
    samples = np.zeros(min(round(window.end * SAMPLE_RATE), pcm.samples) - first, dtype=np.float32)
    block = round(_BLOCK_SECONDS * SAMPLE_RATE)
    for at in range(0, len(samples), block):
        part = samples[at : at + block]
        np.divide(
            pcm.read((first + at) / SAMPLE_RATE, (first + at + len(part)) / SAMPLE_RATE), 32768.0, out=part
        )
    return samples


def _joined(
    windows: list[Window], found: list[Piece], count: SpeakerCount, same: float
) -> tuple[list[SpeakerTurn], dict[str, VoiceEmbedding]]:
    """The sections' turns as one list, with the speakers of all sections known again, and their voices."""
    names = [(number, name) for number, piece in enumerate(found) for name in piece.voices]
    voices = [
        Voice(number, found[number].voices[name], found[number].seconds(name)) for number, name in names
    ]
    # Within one piece the pipeline's word stands.
    linked = link(voices, count, same) if len(found) > 1 else range(len(voices))
    speakers = dict(zip(names, linked, strict=True))
    labels: dict[int, str] = {}
    turns: list[SpeakerTurn] = []
    for number, (window, piece) in enumerate(zip(windows, found, strict=True)):
        for turn in piece.turns:
            label = labels.setdefault(speakers[number, turn.speaker], f"SPEAKER_{len(labels):02d}")
            start, end = round(window.start + turn.start, 3), round(window.start + turn.end, 3)
            if end > start:
                turns.append(SpeakerTurn(start=start, end=end, speaker=label))
    heard: dict[str, VoiceEmbedding] = {
        label: mean_voice([voice for voice, own in zip(voices, linked, strict=True) if own == speaker])
        for speaker, label in labels.items()
    }
    return turns, heard
