"""Questions about the same audio, which the model hears and reads once, on the CPU with a tiny model.

Run with `-m production` where requirements.production.txt is installed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spotscribe_testing.models.asking_voxtral import asked, noise, texts
from spotscribe_voxtral.engines.engine import CancelledGenerationError, Generation, Message, ignore_piece
from spotscribe_voxtral.engines.sharing.prefixes import Prefixes
from spotscribe_voxtral.engines.voxtral import Precision, VoxtralEngine

pytestmark = pytest.mark.production
AUDIO_TOKENS = 375
SHORT, LONG = noise(4), noise(31, seed=1)
# One window, several with beginnings of different length, a lone one, none, and a second turn.
BATCHES = {
    "one window": [asked(SHORT, "What is said?"), asked(SHORT, "And?"), asked(SHORT, "Who speaks?")],
    "two windows": [
        asked(SHORT, "What is said?"), asked(LONG, "Who speaks, and why?"), asked(SHORT, "A?"),
        asked(LONG, "What?"),
    ],
    "text alone beside them": [asked("Hi"), asked(LONG, "What?"), asked(LONG, "Who speaks?"), asked("What?")],
    "a window of its own beside them": [asked(SHORT, "A?"), asked(SHORT, "What?"), asked(LONG, "Who?")],
    "equal words behind the audio": [
        asked(SHORT, "Who speaks?"), asked(SHORT, "Who is it?"), asked(LONG, "What?"), asked(LONG, "Why?"),
    ],
    "a second turn": [
        asked(SHORT, "What?"),
        [*asked(SHORT, "What?"), Message("assistant", ("Yes.",)), *asked("Are you sure of that?")],
        [*asked(SHORT, "What?"), Message("assistant", ("Yes.",)), *asked(LONG, "And this?")],
        [*asked(SHORT, "What?"), Message("assistant", ("Yes.",)), *asked(LONG, "And here, who?")],
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from spotscribe_testing.models.tiny_voxtral import tiny_voxtral

    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("models")
    tiny_voxtral(directory / "tiny")
    return directory


def loaded(models: Path, scratch: Path, precision: Precision) -> VoxtralEngine:
    engine = VoxtralEngine(
        models=models, model="tiny", quantization="none", precision=precision, scratch=scratch
    )
    engine.load()
    return engine


@pytest.fixture(scope="module")
def tiny(models: Path, tmp_path_factory: pytest.TempPathFactory) -> VoxtralEngine:
    return loaded(models, tmp_path_factory.mktemp("scratch"), "float32")


@contextmanager
def watched(engine: VoxtralEngine) -> Iterator[list[Any]]:
    """The numbers of each step's last tokens: (conversations, vocabulary)."""
    seen: list[Any] = []
    hook = engine._voxtral.register_forward_hook(lambda _model, _given, out: seen.append(out.logits[:, -1]))
    try:
        yield seen
    finally:
        hook.remove()


@pytest.mark.parametrize("name", BATCHES)
def test_answers_are_those_of_each_conversation_alone(tiny: VoxtralEngine, name: str) -> None:
    batch = BATCHES[name]
    alone = [texts(tiny, conversation)[0] for conversation in batch]
    assert len(set(alone)) > 1
    with watched(tiny) as seen:
        assert texts(tiny, *batch) == alone
    # The beginnings are one step more than the tokens.
    assert len(seen) == 1 + 8


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float16", 0.05)])
def test_numbers_are_those_of_whole_prompts(
    models: Path, tmp_path: Path, name: str, precision: Precision, tolerance: float, monkeypatch: Any
) -> None:
    import torch

    engine = loaded(models, tmp_path, precision)
    with watched(engine) as shared:
        texts(engine, *BATCHES[name], max_tokens=1)
    monkeypatch.setattr(Prefixes, "shared", False)
    with watched(engine) as whole:
        texts(engine, *BATCHES[name], max_tokens=1)
    assert len(whole) == 1
    torch.testing.assert_close(shared[-1], whole[0], rtol=0, atol=tolerance)


def test_shared_audio_is_heard_and_read_once(tiny: VoxtralEngine) -> None:
    heard: list[int] = []
    read: list[tuple[int, int]] = []
    model = tiny._voxtral
    hooks = [
        model.audio_tower.register_forward_hook(lambda _model, given, _out: heard.append(len(given[0]))),
        model.language_model.model.layers[0].register_forward_pre_hook(
            lambda _layer, given: read.append(tuple(given[0].shape[:2]))
        ),
    ]
    try:
        texts(tiny, *BATCHES["two windows"], max_tokens=2)
    finally:
        for hook in hooks:
            hook.remove()
    # 4 s are one piece of 30 s, 31 s are two; <s>[INST][BEGIN_AUDIO] and audio, then the longest text.
    assert heard == [1 + 2]
    assert read == [(2, 3 + 2 * AUDIO_TOKENS), (4, len("Who speaks, and why?") + 1), (4, 1)]


@pytest.mark.parametrize("masked", [True, False])
def test_attention_of_one_token_repeats_no_keys(masked: bool) -> None:
    import torch
    from torch.nn import functional

    from spotscribe_voxtral.engines.attention import _attend_from_one

    torch.manual_seed(0)
    query, key, value = (torch.randn(3, heads, count, 8) for heads, count in ((6, 1), (2, 9), (2, 9)))
    mask = torch.rand(3, 1, 1, 9) > 0.3 if masked else None
    repeated = [each.repeat_interleave(3, dim=1) for each in (key, value)]
    wanted = functional.scaled_dot_product_attention(query, *repeated, attn_mask=mask, scale=0.5)
    found, _scores = _attend_from_one(query, key, value, mask, 0.5)
    torch.testing.assert_close(found, wanted.transpose(1, 2))


def test_keys_and_values_stay_where_they_are_while_an_answer_grows() -> None:
    import torch
    from transformers import DynamicCache

    from spotscribe_voxtral.engines.sharing.cache import cache_with_room

    torch.manual_seed(0)
    cache, usual = cache_with_room(6), DynamicCache()

    def add(rows: int, count: int, kind: torch.dtype = torch.float16) -> tuple[Any, Any]:
        new = [torch.randn(rows, 2, count, 4).to(kind) for _ in range(2)]
        found, wanted = cache.update(*new, 0), usual.update(*new, 0)
        torch.testing.assert_close(found, wanted)
        return found

    places = [each.data_ptr() for each in add(1, 3)]
    assert [each.data_ptr() for each in add(1, 1)] == places
    # What failed is written again; then each row goes on by itself.
    for each in (cache, usual):
        each.crop(2)
    assert [each.data_ptr() for each in add(1, 2)] == places
    for each in (cache, usual):
        each.batch_select_indices(torch.tensor([0, 0, 0]))
    places = [each.data_ptr() for each in add(3, 1)]
    assert [each.data_ptr() for each in add(3, 1)] == places
    # An attention that was moved to single precision, and more tokens than were announced.
    assert add(3, 1, torch.float32)[0].dtype == torch.float32
    assert add(3, 2, torch.float32)[0].shape[-2] == cache.get_seq_length() == 9


def test_prompts_that_share_audio_are_counted_whole(tiny: VoxtralEngine) -> None:
    answers = tiny.answer(BATCHES["two windows"], Generation(1), ignore_piece, lambda: False)
    texts_of = ["What is said?", "Who speaks, and why?", "A?", "What?"]
    audio = [AUDIO_TOKENS, 2 * AUDIO_TOKENS, AUDIO_TOKENS, 2 * AUDIO_TOKENS]
    assert [answer.prompt_tokens for answer in answers] == [
        3 + count + len(text) + 1 for count, text in zip(audio, texts_of, strict=True)
    ]


def test_reading_shared_audio_ends_within_a_layer(models: Path, tmp_path: Path) -> None:
    engine = loaded(models, tmp_path, "float32")
    model = engine._voxtral
    run: list[int] = []
    for number, layer in enumerate([*model.audio_tower.layers, *model.language_model.model.layers]):
        layer.register_forward_hook(lambda *_, number=number: run.append(number))
    # One layer hears; two read the beginning, and then what follows.
    for most in range(1, 5):
        run.clear()
        with pytest.raises(CancelledGenerationError):
            engine.answer(
                BATCHES["one window"], Generation(3), ignore_piece, lambda most=most: len(run) >= most
            )
        assert run == [0, 1, 2, 1, 2][:most]
