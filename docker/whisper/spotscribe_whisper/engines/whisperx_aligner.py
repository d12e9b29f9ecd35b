"""WhisperX's forced alignment with wav2vec2 models of `<models>/align-<language>`."""

import logging
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spotscribe_common.contract import Degradation
from spotscribe_common.errors import CancelledWorkError, ModelMissingError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.engines.engine import Heard, HeardSegment
from spotscribe_whisper.engines.gpu_turns import go_first
from spotscribe_whisper.engines.recognition.recogniser import Recognised
from spotscribe_whisper.engines.recognition.sentences import all_sentences
from spotscribe_whisper.engines.whisperx_words import add_located, as_whisperx, heard_segments

_log = logging.getLogger(__name__)


class WhisperxAligner:
    """Gives words their times. One language's model is kept: they weigh a gigabyte, and most work is in one.

    Args:
        models: directory of model directories.
        device: `cpu` or `cuda`.
        priority: held while a model computes, and not while its paths through the words are searched.
        check: called before each step; raises CancelledWorkError to end the work.
    """

    def __init__(
        self, models: Path, device: str, priority: GpuPriority, check: Callable[[], None] = lambda: None
    ) -> None:
        self._models = models
        self._device = device
        self._priority = priority
        self._check = check
        self._kept: tuple[str, Any, Any] | None = None
        # What whisperX warns of holds the words that it could not align: they are nobody's business.
        logging.getLogger("whisperx.alignment").setLevel(logging.ERROR)

    @property
    def language(self) -> str | None:
        """ISO 639-1 code of the language whose model is loaded, if one is."""
        return None if self._kept is None else self._kept[0]

    def align(self, recognised: Sequence[Recognised], audio: Any, language: str) -> Heard:
        """The words with the aligner's times; where it has none, or fails, with the recogniser's.

        Args:
            recognised: the window's chunks.
            audio: float32 samples of the window.
            language: ISO 639-1 code.

        Raises:
            CancelledWorkError: `check` raised it.
        """
        located = all_sentences(recognised, language)
        try:
            model, metadata = self._model_of(language)
            import whisperx  # noqa: PLC0415

            pieces = [piece for each in recognised for piece in as_whisperx(each)]
            aligned = whisperx.align(pieces, model, metadata, audio, self._device)
            heard = heard_segments(aligned["segments"], metadata["dictionary"], language)
            _pass_on_silence(pieces, heard)
            add_located(heard, located)
            return Heard(heard)
        except CancelledWorkError:
            raise
        except Exception as error:  # a transcript without exact word times is worth more than none
            _log.warning("no alignment for %s: %s", language, error)
            if is_out_of_memory(error):
                release_memory()
            return Heard(located, [Degradation(stage="alignment", reason=_reason(error, language))])

    def _model_of(self, language: str) -> tuple[Any, Any]:
        if self._kept is not None and self._kept[0] == language:
            return self._kept[1], self._kept[2]
        import whisperx  # noqa: PLC0415

        directory = self._models / f"align-{language}"
        if not directory.is_dir():
            raise ModelMissingError(f"there is no alignment model for {language!r} in {directory}")
        self._kept = None
        model, metadata = whisperx.load_align_model(
            language, self._device, model_name=str(directory), model_cache_only=True
        )
        go_first(model, self._priority, self._check)
        self._kept = (language, model, metadata)
        return model, metadata


def _pass_on_silence(chunks: list[dict[str, Any]], heard: list[HeardSegment]) -> None:
    """Gives each sentence its chunk's probability of silence, which whisperX's alignment drops."""
    starts = [chunk["start"] for chunk in chunks]
    for segment in heard:
        chunk = chunks[max(bisect_right(starts, segment.start) - 1, 0)]
        segment.no_speech_prob = chunk.get("no_speech_prob")


def _reason(error: Exception, language: str) -> str:
    if isinstance(error, ModelMissingError):
        cause = error.message
    elif is_out_of_memory(error):
        cause = f"aligning {language!r} ran out of memory"
    else:
        cause = f"aligning {language!r} failed with {type(error).__name__}: {error}"
    return f"Words' times are those of the recognition, which are less exact: {cause}."
