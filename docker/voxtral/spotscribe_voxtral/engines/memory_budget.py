"""How much audio fits into the memory that is free: arithmetic on a model's shape, without the model."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from spotscribe_common.errors import InternalError, OutOfMemoryError
from spotscribe_voxtral.engines.engine import Capacity

# The encoder hears audio in pieces of this length, as Whisper does; the last one is filled up with silence.
CHUNK_SECONDS = 30
# Transformers encodes all pieces of a batch at once, so that a window's memory grows with its length.
LONGEST_WINDOW_SECONDS = 600
# A batch's answers are ready together: more prompts at once make the first of them wait longer.
MOST_PROMPTS = 8
# What the model has been trained for (model card of Voxtral-Mini-3B-2507); its configuration allows more.
CONTEXT_TOKENS = 32_768
# Room for the words of a prompt beside its audio: instructions, and what earlier windows said.
TEXT_TOKENS = 2_048
# What CUDA and its libraries take of a GPU for a process, beside what torch counts. An estimate.
CONTEXT_BYTES = 450 << 20
# cuBLAS's own workspaces, a layer's weights taken out of four bits (50 MB), and the holes that batches of
# different sizes leave. An estimate: it was not measured on a T4.
RESERVE_BYTES = 512 << 20
# What an answer is taken to need when it is decided whether the weights fit unquantised.
_USUAL_ANSWER_TOKENS = 2_048
_SPECTROGRAM_FRAMES = 3_000


@dataclass(frozen=True)
class ModelShape:
    """The sizes that decide about memory; Voxtral-Mini-3B-2507's figures are in brackets.

    Attributes:
        layers: of the language model (30).
        kv_heads: heads of keys and values in each (8).
        head_dim: width of a head (128).
        width: of the language model (3072).
        inner_width: of its feed-forward part (8192).
        vocabulary: tokens that it knows (131 072).
        positions: tokens that it can number (131 072).
        encoder_width: of the audio encoder (1280).
        encoder_inner_width: of its feed-forward part (5120).
        encoder_positions: steps in which it hears a piece of 30 s (1500).
        mel_bins: bands of the spectrogram (128).
    """

    layers: int
    kv_heads: int
    head_dim: int
    width: int
    inner_width: int
    vocabulary: int
    positions: int
    encoder_width: int
    encoder_inner_width: int
    encoder_positions: int
    mel_bins: int

    @property
    def chunk_tokens(self) -> int:
        """Tokens of 30 s of audio (375, which are 12.5 a second).

        The projector joins as many steps of the encoder into one token as fit into the encoder's inner width
        (Transformers, modeling_voxtral.py, `get_audio_features`).
        """
        return self.encoder_positions * self.encoder_width // self.encoder_inner_width

    @property
    def context(self) -> int:
        """Tokens that a prompt and its answer may have together."""
        return min(self.positions, CONTEXT_TOKENS)

    def cache_bytes(self, number_bytes: int) -> int:
        """Keys and values of one token in all layers (122 880 bytes in half precision)."""
        return 2 * self.layers * self.kv_heads * self.head_dim * number_bytes


def shape_of(config: Any) -> ModelShape:
    """The shape in a Transformers `VoxtralConfig`."""
    text, audio = config.text_config, config.audio_config
    return ModelShape(
        layers=text.num_hidden_layers,
        kv_heads=text.num_key_value_heads,
        head_dim=text.head_dim,
        width=text.hidden_size,
        inner_width=text.intermediate_size,
        vocabulary=text.vocab_size,
        positions=text.max_position_embeddings,
        encoder_width=audio.hidden_size,
        encoder_inner_width=audio.intermediate_size,
        encoder_positions=audio.max_source_positions,
        mel_bins=audio.num_mel_bins,
    )


class PromptParts(NamedTuple):
    """What one prompt takes at its peak, in bytes.

    Attributes:
        cache: keys and values of the prompt and its answer.
        activations: of the audio encoder, or of the language model while it reads the prompt.
        logits: what is made of the last token's to choose the next one.
    """

    cache: int
    activations: int
    logits: int


def prompt_parts(shape: ModelShape, number_bytes: int, chunks: int, max_tokens: int) -> PromptParts:
    """Peak memory of one prompt with that many pieces of 30 s, beside the weights.

    `lib/machine/gpu-memory.ts` counts the same for the cards' tables; a test holds it to these figures.

    Counted in Transformers' code (modeling_voxtral.py, modeling_llama.py, 4.57): what is alive at once where
    most is. The encoder has ended when the language model begins, but the allocator keeps the larger part.

    This is an upper bound for prompts that share their audio (see `sharing/`): the audio is read once, the
    mask has rows for the text alone, and each prompt has its own copy of the audio's keys and values.
    """
    tokens = chunks * shape.chunk_tokens + TEXT_TOKENS
    # While a layer's keys and values are copied for the prompts that share them, both are there.
    one_layer = shape.cache_bytes(number_bytes) // shape.layers
    cache = (tokens + max_tokens) * (shape.cache_bytes(number_bytes) + one_layer)
    # Feed-forward part: what is added to, its normalised copy, and before and after the activation.
    steps = shape.encoder_positions * 2 * (shape.encoder_width + shape.encoder_inner_width) * number_bytes
    spectrogram = _SPECTROGRAM_FRAMES * shape.mel_bins * 4
    encoder = chunks * (steps + spectrogram)
    # Feed-forward part: gate, up and their product; and of the outer width the embeddings with and without
    # the audio's, the audio's own, what is added to, and its normalised copy.
    # What attention needs instead, with keys and values for every head, is about the same.
    layer = tokens * (3 * shape.inner_width + 5 * shape.width) * number_bytes
    # The mask of padded batches, as truth values and then as numbers to add.
    mask = tokens**2 * (1 + number_bytes)
    # The last token's logits; then in single precision, sorted, as shares and their sums, with places.
    logits = shape.vocabulary * (number_bytes + 4 * 4 + 8)
    return PromptParts(cache, max(encoder, layer + mask), logits)


def prompt_bytes(shape: ModelShape, number_bytes: int, chunks: int, max_tokens: int) -> int:
    """The sum of :func:`prompt_parts`."""
    return sum(prompt_parts(shape, number_bytes, chunks, max_tokens))


@dataclass(frozen=True)
class GpuUse:
    """What is known of a GPU's memory, in bytes.

    Attributes:
        free: what the driver gives out, to any process.
        kept: what torch has taken for this process.
        used: the part of it that holds something.
    """

    free: int
    kept: int
    used: int

    def room(self, most: int | None) -> int:
        """What this process can still have, if it may take up to `most` in all: others may come later."""
        # The allocator keeps what earlier batches had, for the next one.
        room = self.free + self.kept - self.used
        return room if most is None else min(room, most - CONTEXT_BYTES - self.used)


def capacity(
    shape: ModelShape, number_bytes: int, free_bytes: int, max_tokens: int, longest: float | None = None
) -> Capacity:
    """The longest window that fits, and how many of them at once: long windows understand more than many.

    Args:
        shape: the model's.
        number_bytes: of the numbers that it computes with: 2 in half precision.
        free_bytes: beside the weights.
        max_tokens: greatest length of an answer.
        longest: no audio of a prompt is longer, in seconds.

    Raises:
        InternalError: the context has no room for 30 s of audio and such an answer.
        OutOfMemoryError: the memory has none.
    """
    most = (shape.context - TEXT_TOKENS - max_tokens) // shape.chunk_tokens
    if most < 1:
        raise InternalError(
            f"An answer of {max_tokens} tokens leaves no room for audio: the model's context has "
            f"{shape.context} tokens, of which {TEXT_TOKENS} are kept for the prompt's words."
        )
    room = free_bytes - RESERVE_BYTES
    wanted = LONGEST_WINDOW_SECONDS if longest is None else min(longest, LONGEST_WINDOW_SECONDS)
    for chunks in range(min(most, max(math.ceil(wanted / CHUNK_SECONDS), 1)), 0, -1):
        batch = room // prompt_bytes(shape, number_bytes, chunks, max_tokens)
        if batch >= 1:
            return Capacity(float(chunks * CHUNK_SECONDS), min(batch, MOST_PROMPTS))
    needed = prompt_bytes(shape, number_bytes, 1, max_tokens) + RESERVE_BYTES
    raise OutOfMemoryError(
        f"{CHUNK_SECONDS} s of audio with an answer of {max_tokens} tokens need {_mib(needed)} of memory, "
        f"and {_mib(free_bytes)} are free. Quantise the model, shorten answers, or use a larger machine."
    )


def fits_unquantised(shape: ModelShape, number_bytes: int, free_bytes: int, weights: int) -> bool:
    """Whether the longest window fits beside that many weights, with an answer of a usual length."""
    chunks = LONGEST_WINDOW_SECONDS // CHUNK_SECONDS
    needed = prompt_bytes(shape, number_bytes, chunks, _USUAL_ANSWER_TOKENS)
    return weights * number_bytes + needed + RESERVE_BYTES <= free_bytes


def _mib(count: int) -> str:
    return f"{max(count, 0) / (1 << 20):.0f} MiB"
