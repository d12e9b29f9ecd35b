"""Weights that overflow half precision: the parts that do compute in single precision, on the CPU.

Run with `-m production` where requirements.production.txt is installed.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from spotscribe_common.errors import InternalError
from spotscribe_testing.models.asking_voxtral import asked, noise, texts
from spotscribe_voxtral.engines.engine import CancelledGenerationError, Generation, ignore_piece
from spotscribe_voxtral.engines.voxtral import Precision, Quantization, VoxtralEngine

pytestmark = pytest.mark.production
TEXT = "Zoë: take 250 mg now, take 250 mg later."
QUESTIONS = [asked(noise(3), "What is said?"), asked("And?"), asked(noise(3), "Who speaks?")]
FIRST, SECOND = "language_model.model.layers.0", "language_model.model.layers.1"
# By how much weights are multiplied, and what overflows then. What follows takes most of it back.
OVERFLOWS: dict[str, tuple[Mapping[str, float], list[str]]] = {
    "feed-forward": (
        {f"{FIRST}.mlp.up_proj.weight": 1e5, f"{FIRST}.mlp.down_proj.weight": 1e-5}, [f"{FIRST}.mlp"]
    ),
    "attention": (
        {f"{SECOND}.self_attn.v_proj.weight": 1e5, f"{SECOND}.self_attn.o_proj.weight": 1e-5},
        [f"{SECOND}.self_attn"],
    ),
    "more than a layer can pass on": ({f"{FIRST}.mlp.down_proj.weight": 1e5}, [f"{FIRST}.mlp"]),
    "hearing": (
        {"audio_tower.layers.0.fc1.weight": 4e4, "audio_tower.layers.0.fc2.weight": 1e-4},
        ["audio_tower.layers.0.fc1", "audio_tower.layers.0.fc2"],
    ),
    "audio as words": ({"multi_modal_projector.linear_2.weight": 1e5}, ["multi_modal_projector"]),
    "choosing": ({"language_model.lm_head.weight": 1e5}, ["language_model.lm_head"]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def model(models: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A tiny model with changed weights, which half precision can hold."""
    from spotscribe_testing.models.tiny_voxtral import change_weights, tiny_voxtral

    def change_in_half(weights: dict[str, Any]) -> None:
        change(weights)
        weights.update({name: each.half() for name, each in weights.items()})
        assert not any(each.isinf().any() for each in weights.values())

    tiny_voxtral(models / "tiny")
    change_weights(models / "tiny", change_in_half)
    return models


def scaled(factors: Mapping[str, float]) -> Callable[[dict[str, Any]], None]:
    def scale(weights: dict[str, Any]) -> None:
        for name, factor in factors.items():
            weights[name] *= factor

    return scale


def loaded(
    models: Path, precision: Precision, quantization: Quantization = "none", name: str = "tiny"
) -> VoxtralEngine:
    engine = VoxtralEngine(
        models=models, model=name, quantization=quantization, precision=precision, scratch=models
    )
    engine.load()
    return engine


def first_numbers(engine: VoxtralEngine) -> Any:
    """What the first token of each answer is chosen by, in shares of the largest number."""
    seen: list[Any] = []
    hook = engine._voxtral.register_forward_hook(
        lambda _model, _given, out: seen.append(out.logits[:, -1].float())
    )
    try:
        texts(engine, *QUESTIONS, max_tokens=1)
    finally:
        hook.remove()
    return seen[-1] / seen[-1].abs().max()


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message.split()[0] for message in caplog.messages if "overflows half precision" in message]


@pytest.mark.parametrize("quantization", ["none", "nf4"])
@pytest.mark.parametrize("name", OVERFLOWS)
def test_what_overflows_gives_the_numbers_of_single_precision(
    tmp_path: Path, name: str, quantization: Quantization, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    factors, overflowing = OVERFLOWS[name]
    models = model(tmp_path, scaled(factors))
    half, single = (loaded(models, precision, quantization) for precision in ("float16", "float32"))
    torch.testing.assert_close(first_numbers(half), first_numbers(single), rtol=0, atol=0.02)
    assert warned(caplog) == overflowing
    # Only once; and the other parts stay as they are.
    torch.testing.assert_close(first_numbers(half), first_numbers(single), rtol=0, atol=0.02)
    assert all(texts(half, *QUESTIONS, max_tokens=3))
    assert warned(caplog) == overflowing
    assert half._voxtral.language_model.model.embed_tokens.weight.dtype == torch.float16
    part = half._voxtral.get_submodule(overflowing[0])
    assert {each.dtype for each in part.parameters()} <= {torch.float32, torch.uint8}


def test_a_sum_of_a_layer_that_overflows_is_kept_in_single_precision(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each word brings 40 000, and the attention of the first layer adds 40 000."""
    import torch

    def add(weights: dict[str, Any]) -> None:
        weights["language_model.model.embed_tokens.weight"][:, 5] = 4e4
        value, out = (weights[f"{FIRST}.self_attn.{name}.weight"] for name in ("v_proj", "o_proj"))
        # Normalised, the largest of 64 numbers is 8, and all others almost nothing.
        value[:, 5] = 1 / 8
        out[5] = 4e4 / out.shape[1]

    models = model(tmp_path, add)
    half, single = (loaded(models, precision) for precision in ("float16", "float32"))
    questions = [asked("What is said?"), asked("And?")]
    assert texts(half, *questions, max_tokens=3) == texts(single, *questions, max_tokens=3)
    assert warned(caplog) == [FIRST]
    assert {each.dtype for each in half._voxtral.language_model.parameters()} == {torch.float16}


def test_an_answer_goes_on_where_a_token_overflows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from spotscribe_testing.models.tiny_voxtral import change_weights, scripted_voxtral, unique_pieces

    scripted_voxtral(tmp_path / "scripted", TEXT)
    prompts = loaded(tmp_path, "float32", name="scripted")._prompts
    pieces = unique_pieces(TEXT.encode())
    token = next(token for token in range(40, 400) if prompts.piece(token) == pieces[9])

    def overflow(weights: dict[str, Any]) -> None:
        own = weights["language_model.model.embed_tokens.weight"][token]
        weights[f"{FIRST}.mlp.up_proj.weight"][0] = 1.5e4 * own

    change_weights(tmp_path / "scripted", overflow)
    engine = loaded(tmp_path, "float16", name="scripted")
    said: list[str] = []
    logged: list[int] = []

    def hear(_number: int, piece: str) -> None:
        said.append(piece)
        logged.append(len(warned(caplog)))

    [answer] = engine.answer([asked(noise(2), "What?")], Generation(200), hear, lambda: False)
    assert (answer.text, answer.finish) == (TEXT, "stop")
    assert "".join(said) == TEXT
    assert warned(caplog) == [f"{FIRST}.mlp"]
    assert logged[0] == 0


def test_work_that_is_cancelled_ends_while_it_is_repeated(tmp_path: Path) -> None:
    engine = loaded(model(tmp_path, scaled(OVERFLOWS["choosing"][0])), "float16")
    run: list[int] = []
    for layer in engine._voxtral.language_model.model.layers:
        layer.register_forward_hook(lambda *_: run.append(1))
    with pytest.raises(CancelledGenerationError):
        engine.answer([asked("Hi")], Generation(3), ignore_piece, lambda: len(run) >= 3)
    assert len(run) == 3


@pytest.mark.parametrize(
    ("precision", "told"),
    [
        ("float16", r", also in single precision: its weights are damaged.*Set VOXTRAL_PRECISION=float32"),
        ("float32", r": its weights are damaged\. Fetch"),
    ],
)
def test_damaged_weights_are_named(tmp_path: Path, precision: Precision, told: str) -> None:
    def spoil(weights: dict[str, Any]) -> None:
        weights[f"{SECOND}.mlp.down_proj.weight"][0, 0] = float("nan")

    engine = loaded(model(tmp_path, spoil), precision)
    for _ in range(2):
        with pytest.raises(InternalError, match=rf"not finite in {SECOND}\.mlp{told}"):
            texts(engine, *QUESTIONS)


def test_many_parts_that_overflow_are_not_moved_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = loaded(model(tmp_path, scaled(OVERFLOWS["hearing"][0])), "float16")
    monkeypatch.setattr("spotscribe_voxtral.engines.precision.overflow._MOST_MOVES", 1)
    with pytest.raises(InternalError, match=r"in many parts.*VOXTRAL_PRECISION=float32"):
        texts(engine, *QUESTIONS)
    assert all(texts(engine, *QUESTIONS))


def test_a_part_that_finds_no_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = loaded(model(tmp_path, scaled(OVERFLOWS["feed-forward"][0])), "float16")
    needed = 3 * 64 * 64 * 4
    for free, told in ((needed - 1, rf"{FIRST}\.mlp.*no memory.*VOXTRAL_PRECISION=float32"), (needed, None)):
        monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.free_bytes", lambda *_, free=free: free)
        if told is None:
            assert all(texts(engine, *QUESTIONS))
            continue
        with pytest.raises(InternalError, match=told):
            texts(engine, *QUESTIONS)


def test_memory_is_counted_for_single_precision_after_an_overflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = loaded(model(tmp_path, scaled(OVERFLOWS["choosing"][0])), "float16")
    monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.free_bytes", lambda *_: 700 << 20)
    before = engine.capacity(256)
    texts(engine, *QUESTIONS, max_tokens=1)
    assert engine.capacity(256).window_seconds < before.window_seconds
