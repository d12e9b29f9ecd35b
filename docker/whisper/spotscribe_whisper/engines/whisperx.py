"""The production engine: whisperX's batched transcription and alignment, from local directories alone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples, as_float
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.process.memory import trim_heap
from spotscribe_common.work.device import Device
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.model_thread import InTurn, at_once
from spotscribe_whisper.engines.decoding_context import context_texts
from spotscribe_whisper.engines.engine import Ability, Heard, Hearing, Sharing
from spotscribe_whisper.engines.gpu_turns import go_first
from spotscribe_whisper.engines.model_files import check_whisper_model
from spotscribe_whisper.engines.recognition.chunks import LONGEST, Chunk, Speech, find_chunks
from spotscribe_whisper.engines.recognition.decoding import ChunkDecoder, Style
from spotscribe_whisper.engines.recognition.recogniser import Recognised, Recogniser
from spotscribe_whisper.engines.recognition.sentences import all_sentences
from spotscribe_whisper.engines.recognition.spoken_languages import chunks_by_language, restricted
from spotscribe_whisper.engines.shared_batches import SharedBatches
from spotscribe_whisper.engines.shared_decoder import SharedDecoder
from spotscribe_whisper.engines.whisper_model import ABILITIES, abilities_of, languages_of, tokens_of
from spotscribe_whisper.engines.whisperx_aligner import WhisperxAligner
from spotscribe_whisper.engines.whisperx_decoder import PriorityModel
from spotscribe_whisper.engines.whisperx_detector import TrimmingDetector
from spotscribe_whisper.engines.whisperx_loading import best_device, import_whisperx, load_pipeline

_Result = TypeVar("_Result")
# Chunks that are decoded at once.
BATCH = {"cuda": 16, "cpu": 8}
# Pieces of 5 s in which speech is looked for at once. On two processors whisperX's 32 take 170 MB more than
# 8, and 22 s instead of 18 for ten minutes with Whisper tiny.
_SPEECH_BATCH = {"cuda": 32, "cpu": 8}
# What Whisper listens to to tell a language, and how far speech is looked for.
_DETECTION_SECONDS = 30
_SEARCHED_SECONDS = 120


class WhisperxEngine:
    """WhisperX with a ctranslate2 model of `<models>/<name>` and aligners of `<models>/align-<language>`.

    Args:
        models: directory of model directories.
        model: name of the Whisper model's directory.
        compute_type: ctranslate2's, or `auto`.
        scratch: directory for caches and for the rules of the sentence splitter.
        gpu_priority: held while one of its networks computes.
    """

    # Some twenty chunks of whisperX: the batches of a GPU are full, and a lost machine loses seconds of work.
    longest_window = 600.0

    def __init__(
        self,
        *,
        models: Path,
        model: str,
        compute_type: str,
        scratch: Path,
        gpu_priority: GpuPriority | None = None,
    ) -> None:
        self.name = "whisperx"
        self.abilities: frozenset[Ability] = ABILITIES
        self.model = model
        self._models = models
        self._compute_type = compute_type
        self._scratch = scratch
        self._priority = gpu_priority or GpuPriority(None)
        self._device: Literal["cpu", "cuda"] = "cpu"
        self._model: Any = None
        self._detector: Any = None
        self._all_languages: Mapping[str, str] = {}
        self._languages: Mapping[str, str] = {}
        self._decoder: Any = None
        self._aligner: Any = None
        self._in_turn: InTurn = at_once
        # Of the job whose turn it is.
        self._cancelled: Callable[[], bool] = lambda: False

    def prepare(self) -> None:
        """Imports whisperX, with all that it loads models with."""
        if not self._all_languages:
            self._all_languages = import_whisperx(self._scratch)

    def load(self) -> None:
        """Loads the Whisper model and the voice activity detector that comes with whisperX."""
        directory = self._models / self.model
        check_whisper_model(directory)
        self.prepare()
        self._device = best_device()
        loaded = load_pipeline(directory, self._device, self._compute_type)
        search = loaded.vad_model.vad_pipeline._segmentation
        search.batch_size = _SPEECH_BATCH[self._device]
        go_first(search.model, self._priority, self._check)
        self._detector = TrimmingDetector(loaded.vad_model)
        self._model = loaded.model
        self._model.model = PriorityModel(self._model.model, self._priority)
        self._decoder = SharedDecoder(
            ChunkDecoder(self._model), SharedBatches(BATCH[self._device], self._device), self._turn
        )
        self._languages = languages_of(self._model, self._all_languages)
        self.abilities = abilities_of(self._model)
        self._aligner = WhisperxAligner(self._models, self._device, self._priority, self._check)

    def share(self, in_turn: InTurn) -> Sharing:
        """Recordings share the decoder's batches."""
        self._in_turn = in_turn
        size = BATCH[self._device]
        return Sharing(size, size * LONGEST)

    def languages(self) -> Mapping[str, str]:
        """Whisper's languages that the model knows; English alone for an English one. Empty before `load`."""
        return self._languages

    def device(self) -> Device:
        """The processor, or the GPU with its memory."""
        if self._device == "cpu":
            return Device("cpu")
        import torch  # noqa: PLC0415

        free, total = torch.cuda.mem_get_info()
        return Device("cuda", torch.cuda.get_device_name(), memory_total=total, memory_used=total - free)

    def detect_language(
        self, samples: Samples, among: Sequence[str] | None, cancelled: Callable[[], bool]
    ) -> str:
        """The language of the first 30 seconds of speech in the first two minutes."""
        if len(self._languages) == 1:
            # An English model has no tokens of languages, and fails if it is asked for one.
            return next(iter(self._languages))
        audio = as_float(samples[: _SEARCHED_SECONDS * SAMPLE_RATE])
        spoken = self._turn(lambda: self._first_speech(audio), cancelled)
        [odds] = self._decoder.language_odds([spoken], cancelled)
        return next(str(code) for code in odds if among is None or code in among)

    def tokens(self, text: str) -> list[int]:
        """The model's numbers for a text, without special ones."""
        return tokens_of(self._model, text)

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        """Transcribes one window and aligns its words; a translation's have no sounds to be aligned to."""
        audio = as_float(samples)
        context = context_texts(self._model, how)
        style = Style(how.language, how.task, context.hotwords, context.prompt, how.temperature)
        began = time.monotonic()
        recognised = {
            language: self._recognised(chunks, replace(style, language=language), cancelled)
            for language, chunks in self._chunks(audio, how, cancelled).items()
        }
        seconds = {"recognition": time.monotonic() - began}
        began = time.monotonic()
        heard = self._turn(lambda: self._worded(recognised, audio, how), cancelled)
        heard.doubts = [doubt for found in recognised.values() for each in found for doubt in each.doubts]
        heard.degraded += context.degraded
        trim_heap()
        heard.seconds = {**seconds, "alignment": time.monotonic() - began}
        return heard

    def _turn(self, work: Callable[[], _Result], cancelled: Callable[[], bool]) -> _Result:
        """Does a step that uses the models; they ask `cancelled` too."""

        def step() -> _Result:
            self._cancelled = cancelled
            return work()

        return self._in_turn(step, cancelled)

    def _chunks(self, audio: Any, how: Hearing, cancelled: Callable[[], bool]) -> dict[str, list[Chunk]]:
        """The window's speech by language, each in order of time."""
        speech = self._turn(lambda: Speech(self._detector, audio), cancelled)
        if len(how.languages) < 2:
            return {how.language: speech.chunks(speech.groups())}

        def odds_of(chunks: Sequence[Chunk]) -> Sequence[Mapping[str, float]]:
            found = self._decoder.language_odds([chunk.samples for chunk in chunks], cancelled)
            return [restricted(odds, how.languages) for odds in found]

        return chunks_by_language(speech, odds_of, how.language)

    def _worded(self, recognised: Mapping[str, Sequence[Recognised]], audio: Any, how: Hearing) -> Heard:
        """The segments of all languages in order of time, with exact times if they can be had."""
        heard = Heard([])
        # The model that is loaded aligns first, so that each language's is loaded once for a window.
        for language in sorted(recognised, key=lambda code: code != self._aligner.language):
            found = recognised[language]
            written = "en" if how.task == "translate" else language
            if how.task == "transcribe" and any(each.pieces for each in found):
                part = self._aligner.align(found, audio, language)
            else:
                part = Heard(all_sentences(found, written))
            for segment in part.segments:
                segment.language = written if len(how.languages) > 1 else None
            heard.segments += part.segments
            heard.degraded += part.degraded
        if len(recognised) > 1:
            heard.segments.sort(key=lambda segment: segment.start)
        return heard

    def _check(self) -> None:
        if self._cancelled():
            raise CancelledWorkError

    def _recognised(
        self, chunks: Sequence[Chunk], style: Style, cancelled: Callable[[], bool]
    ) -> list[Recognised]:
        """The words of the chunks."""
        return Recogniser(partial(self._decoder.decode, cancelled=cancelled)).recognise(chunks, style)

    def _first_speech(self, audio: Any) -> Any:
        """Up to 30 s of speech: music or silence at the beginning would be heard as some language."""
        pieces = [chunk.samples for chunk in find_chunks(self._detector, audio)]
        return np.concatenate(pieces)[: _DETECTION_SECONDS * SAMPLE_RATE] if pieces else audio
