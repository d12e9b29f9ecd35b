"""Decodes chunks with Whisper in batches, and locates their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spotscribe_common.contract import Task
from spotscribe_whisper.engines.engine import HeardWord
from spotscribe_whisper.engines.recognition.attention import locate_parts
from spotscribe_whisper.engines.recognition.chunks import Chunk

# WhisperX's and faster-whisper's default.
_BEAM = 5
# Level of the loudest samples, but for clicks, of audio that is amplified, and what it is amplified to.
_LOUD_SHARE = 0.999
_QUIET, _COMMON = 0.05, 0.3


@dataclass(frozen=True)
class Style:
    """How chunks are decoded.

    Attributes:
        language: ISO 639-1 code.
        task: transcribe, or translate to English.
        hotwords: words to listen for.
        prompt: text as if it had been said before.
        temperature: 0 is beam search; above it words are drawn at random.
        timestamps: whether the model writes times, which makes it go on after a pause.
        repeats: whether a sequence of three tokens may be said again.
    """

    language: str
    task: Task
    hotwords: str | None = None
    prompt: str | None = None
    temperature: float = 0.0
    timestamps: bool = False
    repeats: bool = True


@dataclass(frozen=True)
class Decoded:
    """What the model said for a chunk.

    Attributes:
        text: without timestamps.
        parts: words and parts of words with times in seconds from the chunk's start, in order; None for a
            translation, whose words are not in the audio.
        avg_logprob: mean logarithm of the tokens' probabilities.
        no_speech_prob: probability that nobody speaks.
    """

    text: str
    parts: Sequence[HeardWord] | None
    avg_logprob: float
    no_speech_prob: float


class ChunkDecoder:
    """Decodes chunks.

    Args:
        model: a whisperX `WhisperModel` whose ctranslate2 model is a `PriorityModel`.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def language_odds(self, audio: Sequence[Any]) -> list[dict[str, float]]:
        """The probability of each language that the model knows, by ISO 639-1 code, the most probable first.

        Args:
            audio: float32 samples, 16 kHz, of pieces of which the first 30 s count.

        Raises:
            RuntimeError: ctranslate2's, such as for memory that does not suffice.
        """
        return [
            {token[2:-2]: float(probability) for token, probability in result}
            for result in self._model.model.detect_language(self._encoded(audio))
        ]

    def decode(self, chunks: Sequence[Chunk], style: Style) -> list[Decoded]:
        """The words of each chunk, decoded in one batch.

        Args:
            chunks: of any windows.
            style: how they are decoded.

        Raises:
            RuntimeError: ctranslate2's, such as for memory that does not suffice.
        """
        tokenizer = self._tokenizer(style.language, style.task)
        prompt = self._model.get_prompt(
            tokenizer,
            tokenizer.encode(f" {style.prompt.strip()}") if style.prompt else [],
            without_timestamps=not style.timestamps,
            hotwords=style.hotwords,
        )
        encoded = self._encoded([chunk.samples for chunk in chunks])
        results = self._model.model.generate(
            encoded,
            [prompt] * len(chunks),
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            no_repeat_ngram_size=0 if style.repeats else 3,
            **_search(style.temperature),
        )
        said = [[token for token in result.sequences_ids[0] if token < tokenizer.eot] for result in results]
        parts: Sequence[list[HeardWord] | None] = [None] * len(chunks)
        if style.task == "transcribe":
            parts = locate_parts(self._model, tokenizer, encoded, said, [chunk.seconds for chunk in chunks])
        texts = tokenizer.tokenizer.decode_batch(said)
        return [
            Decoded(
                text=text.strip(),
                parts=located,
                # Of all tokens, with the one that ends the text (OpenAI's whisper, decoding.py).
                avg_logprob=float(result.scores[0]) * (length := len(result.sequences_ids[0])) / (length + 1),
                no_speech_prob=float(result.no_speech_prob),
            )
            for text, located, result in zip(texts, parts, results, strict=True)
        ]

    def _encoded(self, audio: Sequence[Any]) -> Any:
        from whisperx.audio import N_SAMPLES, log_mel_spectrogram  # noqa: PLC0415

        bands = self._model.feat_kwargs.get("feature_size") or 80
        features = [
            log_mel_spectrogram(
                audible(samples[:N_SAMPLES]), n_mels=bands, padding=max(N_SAMPLES - len(samples), 0)
            )
            for samples in audio
        ]
        return self._model.encode(np.stack([each.numpy() for each in features]))

    def _tokenizer(self, language: str, task: Literal["transcribe", "translate"]) -> Any:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415

        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=task, language=language)


def audible(samples: Any) -> Any:
    """The samples, amplified if they are quiet: Whisper has learnt with common levels.

    Args:
        samples: float32, from -1 to 1.
    """
    level = float(np.quantile(np.abs(samples), _LOUD_SHARE)) if len(samples) else 0.0
    return samples * np.float32(_COMMON / level) if 0 < level < _QUIET else samples


def _search(temperature: float) -> dict[str, Any]:
    if temperature > 0:
        # Beam search knows no chance: as in OpenAI's whisper, a temperature takes its place.
        return {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": temperature}
    return {"beam_size": _BEAM}
