"""The engine `kokoro` with a tiny graph in ONNX Runtime: loading, limits and faults."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spotscribe_common.errors import InternalError, InvalidRequestError, ModelMissingError
from spotscribe_speech.engines.kokoro import voices
from spotscribe_speech.engines.kokoro.engine import KokoroEngine
from spotscribe_testing.models.tiny_onnx import INPUTS, tiny_kokoro


def loaded(folder: Path) -> KokoroEngine:
    engine = KokoroEngine(folder, "kokoro-82m")
    engine.load()
    return engine


@pytest.mark.parametrize("tokens", ["tokens", "input_ids"])
def test_both_exports_load(tmp_path: Path, tokens: str) -> None:
    inputs = {tokens if name == "tokens" else name: kind for name, kind in INPUTS.items()}
    engine = loaded(tiny_kokoro(tmp_path / "k", inputs=inputs))
    assert (engine.name, engine.model, engine.device().kind) == ("kokoro", "kokoro-82m", "cpu")
    assert engine.speak("Hello.", engine.voices[0], "en", 1.0).size > 0


def test_the_layout_of_the_hub_loads(tmp_path: Path) -> None:
    folder = tiny_kokoro(tmp_path / "k")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    table = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").unlink()
    (folder / "tokenizer.json").write_text(json.dumps({"model": table}))
    assert loaded(folder).voices[0].id == "af_heart"


def test_english_voices_are_listed_with_the_best_one_first(tmp_path: Path) -> None:
    names = ("af_alloy", "af_heart", "bf_emma", "am_adam", "jf_alpha", "zm_yunxi")
    engine = loaded(tiny_kokoro(tmp_path / "k", voices=names))
    assert [voice.id for voice in engine.voices] == ["af_heart", "af_alloy", "am_adam", "bf_emma"]
    assert {voice.languages for voice in engine.voices} == {("en",)}
    assert "American pronunciation" in engine.voices[3].description
    # Names of OpenAI's whose stand-in is missing are not offered.
    assert engine.aliases == {"alloy": "af_alloy", "marin": "af_heart"}


def test_the_style_is_that_of_the_number_of_symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_kokoro(tmp_path / "k")
    styles = np.repeat(np.arange(510, dtype="<f4"), 256)
    styles.tofile(folder / "voices" / "af_heart.bin")
    engine = loaded(folder)
    asked: list[tuple[int, float]] = []
    session = engine._session
    assert session is not None
    run = session.run

    def noting(ids: list[int], style: np.ndarray, speed: float) -> np.ndarray:
        asked.append((len(ids), float(style[0])))
        return run(ids, style, speed)

    monkeypatch.setattr(session, "run", noting)
    engine.speak("Hello there.", engine.voices[0], "en", 1.0)
    engine.speak("word " * 300, engine.voices[0], "en", 1.0)
    engine.speak("word " * 300, engine.voices[0], "en", 0.25)
    assert all(style == length - 1 for length, style in asked)
    longest = [length for length, _ in asked]
    assert 400 < max(longest) <= 510
    # Slow speech has fewer symbols in a piece, so that it takes no more memory.
    assert max(longest[-5:]) <= 127


def test_samples_that_are_not_finite_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="not finite"):
        loaded(tiny_kokoro(tmp_path / "k", operation="Log"))


@pytest.mark.parametrize("text", ["שלום", "...", "😀", ""])
def test_a_sentence_without_a_word_is_refused(tmp_path: Path, text: str) -> None:
    engine = loaded(tiny_kokoro(tmp_path / "k"))
    with pytest.raises(InvalidRequestError, match="no word in English"):
        engine.speak(text, engine.voices[0], "en", 1.0)
    assert engine.unspeakable(text, "en") == text.replace(".", "")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (shutil.rmtree, "is missing"),
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx is missing"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"\x08\x08garbage"), "cannot be loaded"),
        (lambda folder: (folder / "vocab.json").unlink(), "is missing"),
        (lambda folder: (folder / "vocab.json").write_text("{"), "corrupt"),
        (lambda folder: (folder / "vocab.json").write_bytes(b"[" * 10_000), "corrupt"),
        (lambda folder: (folder / "vocab.json").write_text("[]"), "no table of symbols"),
        (lambda folder: (folder / "vocab.json").write_text('{"vocab": {"a": 400}}'), "no table of symbols"),
        (lambda folder: (folder / "vocab.json").write_text('{"vocab": {"a": 1}}'), "lacks the symbols"),
        (lambda folder: shutil.rmtree(folder / "voices"), "no English voice"),
        (lambda folder: (folder / "voices" / "af_heart.bin").write_bytes(b"1234"), "has 4 bytes"),
    ],
)
def test_a_broken_folder_is_explained(tmp_path: Path, broken: object, words: str) -> None:
    folder = tiny_kokoro(tmp_path / "k")
    assert callable(broken)
    broken(folder)
    with pytest.raises(ModelMissingError, match=words):
        loaded(folder)


def test_a_voice_with_numbers_that_are_none_is_refused(tmp_path: Path) -> None:
    folder = tiny_kokoro(tmp_path / "k")
    np.full(510 * 256, np.nan, "<f4").tofile(folder / "voices" / "af_heart.bin")
    with pytest.raises(ModelMissingError, match="not finite"):
        voices.read_voices(folder / "voices")


@pytest.mark.parametrize(
    "inputs", [{"ids": 7, "style": 1, "speed": 1}, {"tokens": 7, "style": 1, "speed": 7}]
)
def test_another_models_graph_is_refused(tmp_path: Path, inputs: dict[str, int]) -> None:
    with pytest.raises(ModelMissingError):
        loaded(tiny_kokoro(tmp_path / "k", inputs=inputs))
