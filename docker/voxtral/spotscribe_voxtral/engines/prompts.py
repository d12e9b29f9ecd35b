"""Conversations as what the model reads: tokens of Mistral's own tokenizer, and spectrograms of the audio."""

import io
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_audio.audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE, Samples
from spotscribe_common.errors import InvalidRequestError, ModelMissingError
from spotscribe_voxtral.engines.engine import Message

# A spectrogram has 100 frames a second; the encoder takes 30 s at a time.
_CHUNK_FRAMES = 3_000


@dataclass(frozen=True)
class Prompt:
    """A prompt's tokens, with one for each 80 ms of audio, and its pieces of audio, filled up to 30 s."""

    tokens: list[int]
    audio: list[Any]


class Prompts:
    """Makes prompts of a model directory's `tekken.json` and `preprocessor_config.json`.

    Raises:
        ModelMissingError: one of them cannot be used; the message names it.
    """

    def __init__(self, directory: Path) -> None:
        from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy  # noqa: PLC0415
        from mistral_common.tokens.tokenizers.mistral import MistralTokenizer  # noqa: PLC0415
        from transformers import WhisperFeatureExtractor  # noqa: PLC0415

        file = directory / "tekken.json"
        try:
            self._tokenizer = MistralTokenizer.from_file(file)
        except Exception as error:  # it asserts, or stumbles over what is missing
            raise ModelMissingError(
                f"The model file {file} cannot be loaded: {type(error).__name__}: {error}. Fetch it again."
            ) from error
        if self._tokenizer.instruct_tokenizer.audio_encoder is None:
            raise ModelMissingError(
                f"The model file {file} is of a model that cannot listen. Fetch it again."
            )
        self._tekken = self._tokenizer.instruct_tokenizer.tokenizer
        self._no_control = SpecialTokenPolicy.IGNORE
        try:
            self._features = WhisperFeatureExtractor.from_pretrained(directory, local_files_only=True)
        except Exception as error:
            raise ModelMissingError(
                f"The model file {directory / 'preprocessor_config.json'} cannot be loaded: {error}. "
                "Fetch it again."
            ) from error

    @property
    def begin(self) -> int:
        """The token that begins a prompt."""
        return int(self._tekken.bos_id)

    @property
    def end(self) -> int:
        """The token that ends an answer."""
        return int(self._tekken.eos_id)

    @property
    def audio(self) -> int:
        """The token that stands for 80 ms of audio."""
        return int(self._tokenizer.instruct_tokenizer.audio_encoder.special_ids.audio)

    @property
    def padding(self) -> int:
        """The token before the beginning of a batch's shorter prompts."""
        return int(self._tekken.pad_id)

    @property
    def tokens(self) -> int:
        """How many tokens there are."""
        return int(self._tekken.n_words)

    @property
    def control_tokens(self) -> int:
        """The first so many stand for no text."""
        return int(self._tekken.num_special_tokens)

    def encoded(self, text: str) -> list[int]:
        """The tokens of a text alone."""
        return [int(token) for token in self._tekken.encode(text, bos=False, eos=False)]

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for: part of a character perhaps, and none of a control token."""
        return bytes(self._tekken.id_to_byte_piece(token, self._no_control))

    def conversation(self, messages: Sequence[Message]) -> Prompt:
        """The prompt for the next turn. Control tokens that stand in a text are text.

        Raises:
            InvalidRequestError: the order of the messages, or a part of one, is not as the model needs it.
        """
        from mistral_common.protocol.instruct.request import ChatCompletionRequest  # noqa: PLC0415

        return _prompt(
            lambda: self._tokenizer.encode_chat_completion(ChatCompletionRequest(messages=_turns(messages)))
        )

    def transcription(self, samples: Samples, language: str | None) -> Prompt:
        """The prompt for the words of a piece of audio.

        Raises:
            InvalidRequestError: the language is no ISO 639-1 code.
        """
        from mistral_common.protocol.transcription.request import TranscriptionRequest  # noqa: PLC0415

        audio = _raw_audio(samples)
        try:
            request = TranscriptionRequest(audio=audio, language=language)
        except ValueError as error:
            raise InvalidRequestError(
                f"The language {language!r} is no ISO 639-1 code.", param="language"
            ) from error
        return _prompt(lambda: self._tokenizer.encode_transcription(request))

    def tensors(self, prompts: Sequence[Prompt]) -> dict[str, Any]:
        """A batch as the model takes it: shorter prompts are padded on the left, where no answer begins.

        Returns:
            `input_ids` and `attention_mask` (prompts, tokens), and, if there is audio, `input_features`
            (pieces of 30 s in the order of the prompts, mel bins, frames).
        """
        import torch  # noqa: PLC0415

        longest = max(len(prompt.tokens) for prompt in prompts)
        gaps = [longest - len(prompt.tokens) for prompt in prompts]
        rows = [[self.padding] * gap + prompt.tokens for gap, prompt in zip(gaps, prompts, strict=True)]
        batch = {
            "input_ids": torch.tensor(rows),
            "attention_mask": torch.tensor([[0] * gap + [1] * (longest - gap) for gap in gaps]),
        }
        pieces = [self._spectrogram(audio) for prompt in prompts for audio in prompt.audio]
        if pieces:
            batch["input_features"] = torch.cat(pieces)
        return batch

    def _spectrogram(self, audio: Any) -> Any:
        """(pieces of 30 s, mel bins, frames). The whole audio decides what is loud, as it did in training."""
        found = self._features(audio, sampling_rate=SAMPLE_RATE, truncation=False, return_tensors="pt")
        return found["input_features"].reshape(self._features.feature_size, -1, _CHUNK_FRAMES).transpose(0, 1)


def _prompt(encode: Callable[[], Any]) -> Prompt:
    from mistral_common.exceptions import MistralCommonException  # noqa: PLC0415

    try:
        encoded = encode()
    # The tokenizer asserts what it expects of the order of messages, pydantic raises a ValueError.
    except (MistralCommonException, ValueError, AssertionError) as error:
        raise InvalidRequestError(f"No prompt can be made of this: {error}") from error
    return Prompt(list(encoded.tokens), [audio.audio_array for audio in encoded.audios])


def _turns(messages: Sequence[Message]) -> list[Any]:
    """The messages as Mistral's; what the system says stands before what the user says next.

    The model card of Voxtral-Mini-3B-2507: system prompts are not yet supported. Its tokenizer refuses them
    where there is audio.
    """
    from mistral_common.protocol.instruct.messages import AssistantMessage, UserMessage  # noqa: PLC0415

    turns: list[Any] = []
    before: list[str | Samples] = []
    for message in messages:
        if message.role == "user":
            turns.append(UserMessage(content=[_chunk(part) for part in (*before, *message.parts)]))
            before = []
            continue
        texts = [part for part in message.parts if isinstance(part, str)]
        if len(texts) < len(message.parts):
            raise InvalidRequestError(f"A message of the {message.role} holds audio: only the user's can.")
        if message.role == "system":
            before += texts
        else:
            turns.append(AssistantMessage(content="\n\n".join(texts)))
    if before:
        turns.append(UserMessage(content=[_chunk(part) for part in before]))
    return turns


def _chunk(part: str | Samples) -> Any:
    from mistral_common.protocol.instruct.chunk import AudioChunk, TextChunk  # noqa: PLC0415

    return TextChunk(text=part) if isinstance(part, str) else AudioChunk(input_audio=_raw_audio(part))


def _raw_audio(samples: Samples) -> Any:
    """Audio as a WAV file in memory, the one form besides URLs and paths that Mistral's messages can hold."""
    from mistral_common.protocol.instruct.chunk import RawAudio  # noqa: PLC0415

    if samples.size == 0:
        raise InvalidRequestError("A piece of audio is empty.")
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(BYTES_PER_SAMPLE)
        written.setframerate(SAMPLE_RATE)
        written.writeframes(samples.astype(np.int16).tobytes())
    return RawAudio(data=file.getvalue(), format="wav")
