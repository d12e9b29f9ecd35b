"""The parts of the benchmark that decide something: sizes, texts, and requests that wait at the same time."""

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import FastAPI, Request

from spotscribe_bench.embeddings.client import connected
from spotscribe_bench.embeddings.texts import short_texts
from spotscribe_bench.sizes import size
from spotscribe_testing.service.live_server import served


def test_a_size_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert size("BENCH_ROWS", 100) == 100
    monkeypatch.setenv("BENCH_ROWS", "7")
    assert size("BENCH_ROWS", 100) == 7


@pytest.mark.parametrize("said", ["", "0", "-1", "1e5", "many"])
def test_a_size_that_is_no_number_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_ROWS", said)
    with pytest.raises(ValueError, match=r"BENCH_ROWS must be a whole number of at least 1; got '.*'"):
        size("BENCH_ROWS", 100)


def test_texts_have_5_to_25_words_of_the_vocabulary_and_are_the_same_each_time(tmp_path: Path) -> None:
    vocabulary = {"[CLS]": 0, "##ing": 1, "of": 2, "house": 3, "river": 4, "naïve": 5}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    texts = short_texts(tmp_path, 200)
    words = [text.split(" ") for text in texts]
    assert {word for text in words for word in text} == {"house", "river"}
    assert {len(text) for text in words} == set(range(5, 26))
    assert short_texts(tmp_path, 200) == texts


async def test_connections_have_requests_at_the_same_time_and_stay_open() -> None:
    app, together = FastAPI(), asyncio.Barrier(20)

    @app.post("/v1/embeddings")
    async def answer(request: Request) -> dict[str, int]:
        await together.wait()
        assert request.client is not None
        return {"input": (await request.json())["input"], "port": request.client.port}

    with served(app) as url:
        async with asyncio.timeout(60), connected(url, 20) as connections:
            rounds = [
                [
                    (status, json.loads(body))
                    for status, body in await asyncio.gather(
                        *(each.post(json.dumps({"input": n}).encode()) for n, each in enumerate(connections))
                    )
                ]
                for _ in range(2)
            ]
    assert rounds[0] == rounds[1]
    assert [(status, body["input"]) for status, body in rounds[0]] == [(200, n) for n in range(20)]
    assert len({body["port"] for _, body in rounds[0]}) == 20


async def test_an_answer_other_than_success_comes_with_its_status() -> None:
    with served(FastAPI()) as url:
        async with connected(url, 1) as (connection,):
            assert await connection.post(b"{}") == (404, b'{"detail":"Not Found"}')
