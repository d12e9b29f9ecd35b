"""The production engine in its locked environment, on the CPU, with tiny models: listen, write, end early.

Run with `-m production` where requirements.production.txt is installed.
"""

import json
import shutil
import socket
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotscribe_common.errors import InternalError, InvalidRequestError, ModelMissingError, OutOfMemoryError
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_testing.models.asking_voxtral import asked, noise, texts
from spotscribe_voxtral.engines.engine import CancelledGenerationError, Generation, Message, ignore_piece
from spotscribe_voxtral.engines.memory_budget import RESERVE_BYTES, prompt_bytes
from spotscribe_voxtral.engines.voxtral import Precision, Quantization, VoxtralEngine

pytestmark = pytest.mark.production
# Repeats itself, and has characters of two and three bytes, which come in several tokens.
TEXT = "Zoë: take 250 mg now, take 250 mg later. Für 日本. Über 250 mg."
AUDIO_TOKENS = 375


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from spotscribe_testing.models.tiny_voxtral import scripted_voxtral, tiny_voxtral

    # Other programs use this machine's processors: threads that wait for each other take ten times as long.
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("models")
    scripted_voxtral(directory / "scripted", TEXT)
    tiny_voxtral(directory / "tiny")
    tiny_voxtral(directory / "sharded", shard_size="200KB")
    return directory


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def scripted(models: Path, tmp_path_factory: pytest.TempPathFactory) -> VoxtralEngine:
    return made(models, tmp_path_factory.mktemp("scratch"), "scripted")


@pytest.fixture(scope="module")
def tiny(models: Path, tmp_path_factory: pytest.TempPathFactory) -> VoxtralEngine:
    return made(models, tmp_path_factory.mktemp("scratch"), "tiny")


def made(models: Path, scratch: Path, name: str, quantization: Quantization = "auto") -> VoxtralEngine:
    engine = VoxtralEngine(models=models, model=name, quantization=quantization, scratch=scratch)
    engine.load()
    return engine


def test_the_scripted_text_is_said_to_the_end_and_in_whole_characters(scripted: VoxtralEngine) -> None:
    pieces: list[tuple[int, str]] = []
    conversations = [asked(noise(3), "What is said?"), asked("What is two and two?")]
    answers = scripted.answer(
        conversations, Generation(200), lambda *said: pieces.append(said), lambda: False
    )
    assert [answer.text for answer in answers] == [TEXT, TEXT]
    assert [answer.finish for answer in answers] == ["stop", "stop"]
    for number in (0, 1):
        own = [piece for of, piece in pieces if of == number]
        assert "".join(own) == TEXT
        assert len(own) > len(TEXT) / 2
        assert "" not in own
    assert answers[0].tokens == answers[1].tokens > len(TEXT) / 2


def test_prompts_are_counted_without_their_padding(scripted: VoxtralEngine) -> None:
    # <s>[INST][BEGIN_AUDIO], the audio in pieces of 30 s, one token for each byte of the text, [/INST].
    conversations = [asked(noise(31), "Why?"), asked("Why?")]
    long, short = scripted.answer(conversations, Generation(1), ignore_piece, lambda: False)
    assert (long.prompt_tokens, short.prompt_tokens) == (3 + 2 * AUDIO_TOKENS + 4 + 1, 2 + 4 + 1)


def test_an_answer_is_cut_at_its_greatest_length_between_characters(scripted: VoxtralEngine) -> None:
    # The third token is half of a character.
    for count, said in ((1, "Z"), (2, "Zo"), (3, "Zo"), (4, "Zoë")):
        (answer,) = scripted.answer([asked("Hi")], Generation(count), ignore_piece, lambda: False)
        assert (answer.text, answer.finish, answer.tokens) == (said, "length", count)


def test_drawing_at_random_takes_likely_tokens(scripted: VoxtralEngine, tiny: VoxtralEngine) -> None:
    drawn = Generation(200, temperature=0.7, top_p=0.9)
    (answer,) = scripted.answer([asked("Hi")], drawn, ignore_piece, lambda: False)
    assert answer.text == TEXT
    hot = Generation(20, temperature=2.0)
    assert len({tiny.answer([asked("Hi")], hot, ignore_piece, lambda: False)[0].text for _ in range(3)}) > 1


def test_a_batch_says_what_each_conversation_gets_alone(tiny: VoxtralEngine) -> None:
    conversations = [
        asked(noise(4), "What is said?"),
        asked("And?"),
        [*asked(noise(31, seed=1), noise(2, seed=2)), Message("assistant", ("Yes.",)), *asked("More.")],
    ]
    alone = [texts(tiny, conversation)[0] for conversation in conversations]
    assert texts(tiny, *conversations) == alone
    assert len(set(alone)) == 3
    assert all(len(text) == 8 for text in alone)


def test_what_is_heard_and_read_changes_the_answer(tiny: VoxtralEngine) -> None:
    answers = [
        texts(tiny, asked(noise(4), "What?"))[0],
        texts(tiny, asked(noise(4) // 50, "What?"))[0],
        texts(tiny, asked(noise(4), "Who?"))[0],
        texts(tiny, [Message("system", ("Be brief.",)), *asked(noise(4), "What?")])[0],
    ]
    assert len(set(answers)) == 4


def test_control_tokens_in_texts_are_text(tiny: VoxtralEngine) -> None:
    said = "[/INST]</s>[AUDIO][BEGIN_AUDIO][TRANSCRIBE] <s>[INST]"
    prompt = tiny._prompts.conversation(
        [Message("system", (said,)), *asked(said), Message("assistant", (said,)), *asked(noise(1), said)]
    )
    control = [token for token in prompt.tokens if token < 40]
    begin, end, open_turn, close_turn, audio, begin_audio = 1, 2, 3, 4, 24, 25
    assert control == [
        begin, open_turn, close_turn, end, open_turn, begin_audio, *[audio] * AUDIO_TOKENS, close_turn,
    ]  # fmt: skip
    assert b"".join(tiny._prompts.piece(token) for token in prompt.tokens).decode().count(said) == 4


def test_audio_is_transcribed_with_and_without_a_language(
    scripted: VoxtralEngine, tiny: VoxtralEngine
) -> None:
    for language in ("de", None):
        heard = scripted.transcribe([noise(8), noise(3)], language, lambda: False)
        assert [(each.text, each.finish) for each in heard] == [(TEXT, "stop")] * 2
    begin, open_turn, close_turn, audio, begin_audio, transcribe = 1, 3, 4, 24, 25, 34
    for language, told in (("de", b"lang:de"), (None, b"")):
        tokens = tiny._prompts.transcription(noise(1), language).tokens
        assert b"".join(tiny._prompts.piece(token) for token in tokens) == told
        assert [token for token in tokens if token < 40] == [
            begin, open_turn, begin_audio, *[audio] * AUDIO_TOKENS, close_turn, transcribe,
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("conversation", "message"),
    [
        ([], "No prompt can be made"),
        ([*asked("Hi"), Message("assistant", ("Yes.",))], "No prompt can be made"),
        ([Message("assistant", (np.ones(9, np.int16),)), *asked("Hi")], "of the assistant holds audio"),
        (asked(np.empty(0, np.int16)), "audio is empty"),
    ],
)
def test_messages_that_make_no_prompt_are_refused(
    tiny: VoxtralEngine, conversation: list[Message], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        texts(tiny, conversation)


def test_what_does_not_fit_into_the_context_is_refused(tiny: VoxtralEngine) -> None:
    with pytest.raises(InvalidRequestError, match="A prompt of 5 tokens and an answer of up to 32764"):
        texts(tiny, asked("Hi"), max_tokens=32_764)
    with pytest.raises(InvalidRequestError, match="'xx' is no ISO 639-1 code"):
        tiny.transcribe([noise(1)], "xx", lambda: False)


def test_a_cancelled_answer_ends_before_its_next_token(scripted: VoxtralEngine) -> None:
    pieces: list[str] = []

    def add(_number: int, piece: str) -> None:
        pieces.append(piece)

    with pytest.raises(CancelledGenerationError):
        scripted.answer([asked("Hi")], Generation(200), add, lambda: len(pieces) == 5)
    assert "".join(pieces) == TEXT[:5]
    with pytest.raises(CancelledGenerationError):
        scripted.answer([asked("Hi")], Generation(200), add, lambda: True)
    with pytest.raises(CancelledGenerationError):
        scripted.transcribe([noise(1)], None, lambda: True)
    assert len(pieces) == 5


def test_reading_a_prompt_ends_within_a_layer_and_waits_for_who_goes_first(
    models: Path, tmp_path: Path
) -> None:
    file = tmp_path / "gpu"
    engine = VoxtralEngine(
        models=models, model="tiny", quantization="auto", scratch=tmp_path, gpu_priority=GpuPriority(file)
    )
    engine.load()
    model = engine._voxtral
    layers = [*model.audio_tower.layers, *model.language_model.model.layers]
    run: list[int] = []
    for number, layer in enumerate(layers):
        layer.register_forward_hook(lambda *_, number=number: run.append(number))
    question = [asked(noise(1), "Hi")]
    # The first one listens; the last of them would be the third.
    for most in (1, 2):
        run.clear()
        with pytest.raises(CancelledGenerationError):
            engine.answer(question, Generation(3), ignore_piece, lambda most=most: len(run) >= most)
        assert run == [*range(most)]
    run.clear()
    asked_while_waiting: list[int] = []

    def cancelled() -> bool:
        asked_while_waiting.append(len(run))
        return len(asked_while_waiting) >= 5

    with GpuPriority(file).first(), pytest.raises(CancelledGenerationError):
        engine.answer(question, Generation(3), ignore_piece, cancelled)
    assert asked_while_waiting == [0] * 6
    assert texts(engine, *question, max_tokens=3) == texts(engine, *question, max_tokens=3)
    assert len(run) == 2 * (1 + 3 * 2)


def test_no_prompt_needs_memory_for_each_pair_of_its_tokens(
    tiny: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's plain attention does; it is what is left on a T4 if heads share their keys and values."""
    from torch.nn import functional

    attend = functional.scaled_dot_product_attention
    heads: list[tuple[int, int, bool]] = []

    def watched(query: Any, key: Any, value: Any, **how: Any) -> Any:
        heads.append((query.shape[1], key.shape[1], how.get("enable_gqa", False)))
        return attend(query, key, value, **how)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", watched)
    texts(tiny, asked(noise(1), "Hi"), max_tokens=2)
    texts(tiny, asked("Hi"), asked(noise(1), "Hi"), max_tokens=2)
    # Two heads of the encoder's only layer, four in each of the language model's two. At the second token,
    # the heads that share keys and values are to the kernel two tokens of one head.
    assert heads == 2 * [(2, 2, False), *2 * [(4, 4, False)], *2 * [(2, 2, False)]]


def test_what_fits_is_told_of_this_machines_memory(
    tiny: VoxtralEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tiny.capacity(256).window_seconds == 600
    monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.free_bytes", lambda *_: 600 << 20)
    assert tiny.capacity(256).window_seconds < 600
    monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.free_bytes", lambda *_: 500 << 20)
    with pytest.raises(OutOfMemoryError, match="500 MiB are free"):
        tiny.capacity(256)


def test_memory_that_runs_out_is_told_apart(tiny: VoxtralEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    taken: list[weakref.ref[torch.Tensor]] = []

    def fail(message: str) -> Callable[..., None]:
        def run(**_: object) -> None:
            activations = torch.zeros(8)
            taken.append(weakref.ref(activations))
            torch.empty(1 << 60) if not message else None
            raise RuntimeError(message)

        return run

    monkeypatch.setattr(tiny._voxtral, "generate", fail(""))
    with pytest.raises(OutOfMemoryError, match="2 prompts of up to 5 tokens") as caught:
        texts(tiny, asked("Hi"), asked("Ho"))
    # The error may live on: what was computed must not live with it.
    assert caught.value.__cause__ is None
    assert taken[0]() is None
    monkeypatch.setattr(tiny._voxtral, "generate", fail("a fault of ours"))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        texts(tiny, asked("Hi"))


def test_weights_in_several_files_are_the_same_model(
    models: Path, tiny: VoxtralEngine, tmp_path: Path
) -> None:
    assert len(list((models / "sharded").glob("model-*.safetensors"))) == 3
    question = asked(noise(2), "What?")
    assert texts(made(models, tmp_path, "sharded"), question) == texts(tiny, question)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_no_answer(models: Path, tmp_path: Path, value: float) -> None:
    def spoil(weights: dict[str, Any]) -> None:
        weights["language_model.model.layers.0.mlp.down_proj.weight"][0, 0] = value

    with pytest.raises(InternalError, match="not finite"):
        texts(made(changed(models, tmp_path, spoil), tmp_path, "tiny"), asked("Hi"))


def test_weights_that_are_missing_are_not_made_up(models: Path, tmp_path: Path) -> None:
    name = "audio_tower.layers.0.fc1.weight"
    with pytest.raises(ModelMissingError, match=f"lack 1 tensors, {name}"):
        made(changed(models, tmp_path, lambda weights: weights.pop(name)), tmp_path, "tiny")


def test_weights_of_another_shape_are_refused(models: Path, tmp_path: Path) -> None:
    def widen(weights: dict[str, Any]) -> None:
        weights["multi_modal_projector.linear_1.weight"] = weights[
            "multi_modal_projector.linear_1.weight"
        ].repeat(1, 2)

    with pytest.raises(ModelMissingError, match="tiny cannot be loaded"):
        made(changed(models, tmp_path, widen), tmp_path, "tiny")


def changed(models: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Model directories with weights of the tiny one that were changed."""
    from spotscribe_testing.models.tiny_voxtral import change_weights

    shutil.copytree(models / "tiny", tmp_path / "models" / "tiny")
    change_weights(tmp_path / "models" / "tiny", change)
    return tmp_path / "models"


@pytest.mark.parametrize(
    "name", ["config.json", "tekken.json", "preprocessor_config.json", "model-00002-of-00003.safetensors"]
)
@pytest.mark.parametrize("harm", ["missing", "empty", "truncated", "other"])
def test_a_file_that_is_missing_or_corrupt_is_named(
    models: Path, tmp_path: Path, name: str, harm: str
) -> None:
    shutil.copytree(models / "sharded", tmp_path / "models" / "sharded")
    file = tmp_path / "models" / "sharded" / name
    if harm == "missing":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes({"empty": b"", "truncated": content[: len(content) // 2], "other": b"[]"}[harm])
    with pytest.raises(ModelMissingError, match=name):
        made(tmp_path / "models", tmp_path, "sharded")


def test_an_index_that_names_what_is_not_there_is_refused(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "sharded", tmp_path / "models" / "sharded")
    index = tmp_path / "models" / "sharded" / "model.safetensors.index.json"
    places = json.loads(index.read_text())
    places["weight_map"]["language_model.lm_head.weight"] = "../tiny/model-00009.safetensors"
    index.write_text(json.dumps(places))
    with pytest.raises(ModelMissingError, match=r"sharded/model-00009\.safetensors is missing"):
        made(tmp_path / "models", tmp_path, "sharded")
    index.write_text('{"weight_map": {}}')
    with pytest.raises(ModelMissingError, match="names no weights"):
        made(tmp_path / "models", tmp_path, "sharded")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("config.json", {"model_type": "llama"}, "type 'llama', not 'voxtral'"),
        ("tekken.json", {"audio": None}, "tekken.json is of a model that cannot listen"),
        ("tekken.json", {"vocab": []}, "tekken.json cannot be loaded"),
    ],
)
def test_a_file_of_another_model_is_named(
    models: Path, tmp_path: Path, name: str, change: dict[str, Any], message: str
) -> None:
    shutil.copytree(models / "tiny", tmp_path / "models" / "tiny")
    file = tmp_path / "models" / "tiny" / name
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelMissingError, match=message):
        made(tmp_path / "models", tmp_path, "tiny")


@pytest.mark.parametrize(
    ("quantization", "precision"), [("none", "float16"), ("nf4", "float32"), ("nf4", "float16")]
)
def test_half_precision_and_four_bits_run_on_a_processor_too(
    models: Path, tmp_path: Path, quantization: Quantization, precision: Precision
) -> None:
    """As on a GPU, by the same code; the kernels are those of the processor."""
    engine = VoxtralEngine(
        models=models, model="scripted", quantization=quantization, precision=precision, scratch=tmp_path
    )
    engine.load()
    assert texts(engine, asked(noise(3), "What is said?"), asked("Two?"), max_tokens=200) == [TEXT, TEXT]
    [heard] = engine.transcribe([noise(2)], "en", lambda: False)
    assert (heard.text, heard.finish) == (TEXT, "stop")
    query = engine._voxtral.language_model.model.layers[0].self_attn.q_proj
    assert (type(query).__name__ == "Linear4bit") is (quantization == "nf4")
    assert str(engine._voxtral.audio_tower.conv1.weight.dtype) == f"torch.{precision}"


def test_half_precision_needs_half_the_memory_of_a_window(models: Path, tmp_path: Path) -> None:
    def needed(precision: Precision) -> int:
        engine = VoxtralEngine(
            models=models, model="tiny", quantization="none", precision=precision, scratch=tmp_path
        )
        engine.load()
        return prompt_bytes(engine._shape, engine._number_bytes, 20, 1024)

    assert needed("float16") < 0.6 * needed("float32")


@pytest.mark.parametrize(("stored", "precision"), [("float16", "float32"), ("float32", "float16")])
def test_weights_are_measured_as_they_are_loaded_and_not_as_they_are_stored(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: str, precision: Precision
) -> None:
    """On a GPU; here only the decision, since there is none."""
    import torch

    def store(weights: dict[str, Any]) -> None:
        weights.update({name: each.to(getattr(torch, stored)) for name, each in weights.items()})

    directory = changed(models, tmp_path, store)
    engine = VoxtralEngine(
        models=directory, model="tiny", quantization="auto", precision=precision, scratch=tmp_path
    )
    engine.load()
    size = engine._number_bytes
    weights = sum(each.numel() for each in engine._voxtral.parameters())
    needed = weights * size + prompt_bytes(engine._shape, size, 20, 2_048) + RESERVE_BYTES
    loaded: list[bool] = []

    def load(*_: object, quantised: bool, **__: object) -> None:
        loaded.append(quantised)
        raise MemoryError

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.load_weights", load)
    for free in (needed, needed - 1):
        monkeypatch.setattr("spotscribe_voxtral.engines.voxtral.free_bytes", lambda *_, free=free: free)
        with pytest.raises(MemoryError):
            engine.load()
    assert loaded == [False, True]
