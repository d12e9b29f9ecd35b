"""What fits into the memory that is free, by the sizes of the real model and of a few that are not."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from spotscribe_common.errors import InternalError, OutOfMemoryError
from spotscribe_testing.places import ROOT
from spotscribe_voxtral.analysis.asking import ANSWER_TOKENS
from spotscribe_voxtral.engines.engine import Capacity
from spotscribe_voxtral.engines.memory_budget import (
    CHUNK_SECONDS,
    CONTEXT_BYTES,
    LONGEST_WINDOW_SECONDS,
    RESERVE_BYTES,
    TEXT_TOKENS,
    GpuUse,
    ModelShape,
    capacity,
    fits_unquantised,
    prompt_bytes,
    prompt_parts,
    shape_of,
)

MINI = ModelShape(
    layers=30, kv_heads=8, head_dim=128, width=3072, inner_width=8192, vocabulary=131_072, positions=131_072,
    encoder_width=1280, encoder_inner_width=5120, encoder_positions=1500, mel_bins=128,
)  # fmt: skip
GIB = 1 << 30
# Read by the test of lib/machine/gpu-memory.ts too: for the longest window, and the answers of an analysis.
FIGURES = json.loads((ROOT / "test/fixtures/gpu-memory.json").read_text())
# Of Voxtral-Mini-3B-2507: 4.7 billion parameters, in half precision and with most of them in four bits.
WEIGHTS = 4_700_000_000
HALF, FOUR_BITS = 2 * WEIGHTS, 4.7e9
# What a T4 leaves to programs.
T4 = 15.6e9


def test_the_shape_is_read_from_the_configuration() -> None:
    text = SimpleNamespace(
        num_hidden_layers=30, num_key_value_heads=8, head_dim=128, hidden_size=3072, intermediate_size=8192,
        vocab_size=131_072, max_position_embeddings=131_072,
    )  # fmt: skip
    audio = SimpleNamespace(
        hidden_size=1280, intermediate_size=5120, max_source_positions=1500, num_mel_bins=128
    )
    assert shape_of(SimpleNamespace(text_config=text, audio_config=audio)) == MINI


def test_the_cache_and_the_audio_have_the_published_sizes() -> None:
    assert MINI.cache_bytes(2) == 122_880
    assert MINI.cache_bytes(4) == 2 * 122_880
    assert MINI.chunk_tokens == 30 * 12.5


@pytest.mark.parametrize(
    ("free", "max_tokens", "window", "batch"),
    [
        # Beside the weights on a T4 of its own: in half precision, and in four bits.
        (T4 - HALF, 1024, 600, 2),
        (T4 - FOUR_BITS, 1024, 600, 4),
        # Three other models on the same T4, which take 5 GB.
        (T4 - FOUR_BITS - 5e9, 1024, 600, 2),
        (1.9 * GIB, 1024, 300, 1),
        (1.5 * GIB, 1024, 150, 1),
        (139 * GIB, 1024, 600, 8),
    ],
)
def test_long_windows_come_first_and_then_many(
    free: float, max_tokens: int, window: float, batch: int
) -> None:
    found = capacity(MINI, 2, int(free), max_tokens)
    assert (found.window_seconds, found.batch) == (window, batch)
    needed = found.batch * prompt_bytes(MINI, 2, int(found.window_seconds) // 30, max_tokens)
    assert needed + RESERVE_BYTES <= free


@pytest.mark.parametrize("chunks", [1, 7, 20])
def test_a_window_that_just_fits_is_taken_and_one_byte_less_shortens_it(chunks: int) -> None:
    needed = prompt_bytes(MINI, 2, chunks, 1024) + RESERVE_BYTES
    assert capacity(MINI, 2, needed, 1024) == Capacity(30.0 * chunks, 1)
    if chunks > 1:
        assert capacity(MINI, 2, needed - 1, 1024) == Capacity(30.0 * (chunks - 1), 1)


def test_short_recordings_fit_more_often_than_the_longest_windows() -> None:
    free = int(1.9 * GIB)
    assert capacity(MINI, 2, free, 1024) == Capacity(300.0, 1)
    short = capacity(MINI, 2, free, 1024, 60.0)
    assert short.window_seconds == 60
    assert short.batch * prompt_bytes(MINI, 2, 2, 1024) + RESERVE_BYTES <= free
    assert short.batch == 2
    assert capacity(MINI, 2, free, 1024, 0.5).window_seconds == 30


def test_longer_answers_leave_less() -> None:
    windows = [capacity(MINI, 2, 2 * GIB, tokens).window_seconds for tokens in (256, 1024, 2048, 4096)]
    assert windows == sorted(windows, reverse=True)
    assert windows[0] > windows[-1]


def test_single_precision_leaves_less_than_half() -> None:
    assert capacity(MINI, 4, 3 * GIB, 1024).window_seconds < capacity(MINI, 2, 3 * GIB, 1024).window_seconds


def test_the_context_bounds_the_window_where_memory_does_not() -> None:
    # 30 720 tokens beside the prompt's words: 28 672 for the answer leave five times 375.
    assert capacity(MINI, 2, 139 * GIB, 28_672).window_seconds == 150
    short = replace(MINI, positions=4_096)
    assert capacity(short, 2, 139 * GIB, 1_024).window_seconds == 60


def test_no_room_in_the_context_is_told_from_no_room_in_the_memory() -> None:
    with pytest.raises(InternalError, match=r"30500 tokens leaves no room for audio.* 32768 tokens"):
        capacity(MINI, 2, 139 * GIB, 30_500)
    with pytest.raises(OutOfMemoryError, match=r"30 s of audio .* need \d+ MiB .* 300 MiB are free"):
        capacity(MINI, 2, 300 << 20, 1024)
    with pytest.raises(OutOfMemoryError):
        capacity(MINI, 2, 0, 1024)


def test_a_process_has_what_it_may_take_even_while_the_card_is_empty() -> None:
    use = GpuUse(free=14 * GIB, kept=GIB // 2, used=GIB // 4)
    assert use.room(None) == 14 * GIB + GIB // 4
    assert use.room(8 * GIB) == 8 * GIB - CONTEXT_BYTES - use.used
    # What a batch has kept is there for the next one; what has been taken by others is not.
    assert GpuUse(free=GIB, kept=5 * GIB, used=4 * GIB).room(8 * GIB) == 2 * GIB
    assert GpuUse(free=9 * GIB, kept=0, used=0).room(100) < 0


def test_the_share_of_a_process_is_what_leaves_room_for_others() -> None:
    """The T4 of the hybrid path: 14 899 MiB, of which the whisper service takes 5157 when it has loaded."""
    most = (14_899 - 5_157) << 20
    weights = 4_521 << 20
    found = capacity(MINI, 2, GpuUse(free=14 * GIB, kept=weights, used=weights).room(most), 3_072)
    assert found == Capacity(600.0, 1)
    used = CONTEXT_BYTES + weights + prompt_bytes(MINI, 2, 20, 3_072) + RESERVE_BYTES
    assert used <= most


def test_the_figures_that_the_cards_tables_are_held_to_are_these() -> None:
    parts = prompt_parts(MINI, FIGURES["numberBytes"], FIGURES["chunks"], FIGURES["maxTokens"])
    assert {
        "numberBytes": 2,
        "chunks": LONGEST_WINDOW_SECONDS // CHUNK_SECONDS,
        "maxTokens": 2 * ANSWER_TOKENS,
        "tokens": LONGEST_WINDOW_SECONDS // CHUNK_SECONDS * MINI.chunk_tokens
        + TEXT_TOKENS
        + 2 * ANSWER_TOKENS,
        "context": CONTEXT_BYTES,
        "reserve": RESERVE_BYTES,
        **parts._asdict(),
    } == FIGURES


@pytest.mark.parametrize(
    ("free", "fits"), [(T4, True), (T4 - 3e9, True), (T4 - 5e9, False), (8 * GIB, False), (24 * GIB, True)]
)
def test_weights_stay_unquantised_while_a_long_window_fits_beside_them(free: float, *, fits: bool) -> None:
    assert fits_unquantised(MINI, 2, int(free), WEIGHTS) is fits


def test_weights_in_single_precision_are_twice_as_large() -> None:
    window = prompt_bytes(MINI, 4, LONGEST_WINDOW_SECONDS // CHUNK_SECONDS, 2_048) + RESERVE_BYTES
    assert fits_unquantised(MINI, 4, 4 * WEIGHTS + window, WEIGHTS)
    assert not fits_unquantised(MINI, 4, 4 * WEIGHTS + window - 1, WEIGHTS)
