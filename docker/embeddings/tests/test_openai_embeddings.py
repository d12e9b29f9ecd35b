"""`POST /v1/embeddings` with the real weights of all-MiniLM-L6-v2, and the routes beside it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_testing.places import ROOT

MODEL = "all-MiniLM-L6-v2"
OLDEST = ROOT / ".spotscribe" / "openai-oldest"


def ask(url: str, inputs: Any, **more: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/embeddings", json={"model": MODEL, "input": inputs, **more})


def vectors(url: str, inputs: Any, **more: Any) -> Any:
    return np.array([entry["embedding"] for entry in ask(url, inputs, **more).json()["data"]])


def test_texts_of_like_meaning_are_near_each_other(url: str) -> None:
    cat, feline, revenue = vectors(
        url, ["The cat sits on the mat.", "A feline rests on a rug.", "Quarterly revenue rose by 5%."]
    )
    # 0.5584 and -0.0053 with sentence-transformers 5.7.0.
    assert cat @ feline == pytest.approx(0.5584, abs=1e-3)
    assert cat @ revenue == pytest.approx(-0.0053, abs=1e-3)
    assert np.linalg.norm(cat) == pytest.approx(1, abs=1e-5)


def test_an_answer_has_openais_shape(url: str) -> None:
    answer = ask(url, ["one", "two words"], user="me", service_tier="auto")
    body = answer.json()
    assert [entry["index"] for entry in body["data"]] == [0, 1]
    assert {entry["object"] for entry in body["data"]} == {"embedding"}
    # [CLS] one [SEP], [CLS] two words [SEP]
    assert body["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert (body["object"], body["model"]) == ("list", MODEL)
    assert answer.headers["x-spotscribe-tokens"] == "7"


def test_base64_is_the_same_vector(url: str) -> None:
    [plain] = vectors(url, "the same text")
    data = ask(url, "the same text", encoding_format="base64").json()["data"][0]["embedding"]
    assert np.frombuffer(base64.b64decode(data), dtype="<f4") == pytest.approx(plain, abs=1e-7)


def test_token_ids_are_the_same_text(url: str) -> None:
    # "hello world" in the vocabulary of BERT.
    ids = [7592, 2088]
    [text, one, *several] = [*vectors(url, "hello world"), *vectors(url, ids), *vectors(url, [ids, ids])]
    for each in (one, *several):
        assert each == pytest.approx(text, abs=1e-6)


def test_an_instruction_changes_the_vector_and_counts(url: str) -> None:
    with_it = ask(url, "bank", instruction="Represent the river: ").json()
    prompted = ask(url, "Represent the river: bank").json()
    assert with_it["data"] == prompted["data"]
    assert with_it["usage"] == prompted["usage"]


def test_a_long_text_is_cut_on_request(url: str) -> None:
    body = ask(url, "word " * 1000, truncate=True).json()
    assert body["usage"]["total_tokens"] == 256


@pytest.mark.parametrize("name", [MODEL, f"sentence-transformers/{MODEL}", "text-embedding-3-small"])
def test_the_model_goes_by_several_names(url: str, name: str) -> None:
    assert ask(url, "x", model=name).status_code == 200
    assert httpx.get(f"{url}/v1/models/{name}").json()["id"] == name
    listed = [each["id"] for each in httpx.get(f"{url}/v1/models").json()["data"]]
    assert name.rpartition("/")[2] in listed


def test_its_own_dimensions_may_be_named(url: str) -> None:
    assert vectors(url, "x", dimensions=384).shape == (1, 384)


def test_the_route_of_the_first_system(url: str) -> None:
    body = httpx.post(f"{url}/generate-embedding", json={"text": "hello world"}).json()
    assert body["embedding"] == pytest.approx(list(vectors(url, "hello world")[0]), abs=1e-6)
    assert (body["dimensions"], body["model"], body["tokens"]) == (384, MODEL, 4)
    health = httpx.get(f"{url}/health-check")
    assert (health.status_code, health.json()) == (200, {"status": "healthy", "model": MODEL})


def test_the_metrics_count_texts_and_tokens(url: str) -> None:
    ask(url, ["one", "two words"])
    text = httpx.get(f"{url}/metrics").text
    assert "spotscribe_texts_total 2.0" in text
    assert "spotscribe_tokens_total 7.0" in text


@pytest.mark.parametrize(("folder", "version"), [(None, "3."), (OLDEST, "1.55.3")])
def test_openais_clients_get_vectors(folder: Path | None, version: str, url: str) -> None:
    assert folder is None or folder.is_dir(), "run scripts/setup.sh --python"
    path = os.pathsep.join([*([] if folder is None else [str(folder)]), *sys.path])
    command = [sys.executable, "-m", "spotscribe_testing.service.openai_embeddings", url]
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    told = json.loads(ended.stdout)
    assert told["version"].startswith(version)
    assert (told["dimensions"], told["tokens"]) == (384, 18)
    assert told["similar"] > told["other"] + 0.3
    assert told["refusal"] == ["invalid_request", "input[0]"]
