"""Texts of many requests share batches, and none waits for another's misfortune."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_embeddings.app import create_app
from spotscribe_embeddings.batching.orders import Item, Order, batches
from spotscribe_embeddings.settings import Settings
from spotscribe_testing.models.scripted_texts import WORDS, ScriptedTexts
from spotscribe_testing.service.live_server import answers_ok, served, wait_until


def ask(url: str, inputs: Any, **more: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/embeddings", json={"model": "counts", "input": inputs, **more}, timeout=120)


def inside(url: str) -> int:
    found: int = httpx.get(f"{url}/health").json()["queue"]["inside"]
    return found


def hold_back(url: str, model: ScriptedTexts, pool: ThreadPoolExecutor) -> Any:
    """Sends a request and stops the model while it computes."""
    model.go.clear()
    first = pool.submit(ask, url, "w0")
    wait_until(lambda: inside(url) == 1, "the first request is inside")
    return first


def test_requests_that_wait_share_a_batch(scripted: str, model: ScriptedTexts) -> None:
    with ThreadPoolExecutor(40) as pool:
        first = hold_back(scripted, model, pool)
        others = [pool.submit(ask, scripted, f"w{number % 100}") for number in range(30)]
        wait_until(lambda: inside(scripted) == 31, "all are inside")
        model.go.set()
        answers = [first.result(), *(other.result() for other in others)]
    assert {answer.status_code for answer in answers} == {200}
    assert [len(texts) for texts, _ in model.asked] == [1, 30]
    for number, answer in enumerate(answers[1:]):
        # The text's own token, and those around it.
        vector = np.zeros(8)
        for each in (1, WORDS.index(f"w{number}"), 2):
            vector[each % 8] += 1
        assert answer.json()["data"][0]["embedding"] == pytest.approx(vector / np.linalg.norm(vector))


def test_another_instruction_is_another_batch(scripted: str, model: ScriptedTexts) -> None:
    with ThreadPoolExecutor(8) as pool:
        first = hold_back(scripted, model, pool)
        asked = [pool.submit(ask, scripted, "w1", instruction=text) for text in ("", "w2 ", "w3 w4 ", "w2 ")]
        wait_until(lambda: inside(scripted) == 5, "all are inside")
        model.go.set()
        assert {each.result().status_code for each in [first, *asked]} == {200}
    # [CLS] and the words of the instruction.
    assert [(len(texts), prompt) for texts, prompt in model.asked] == [(1, 0), (1, 0), (2, 2), (1, 3)]


def test_a_batch_that_is_too_large_is_halved_and_the_next_ones_are_smaller(
    scripted: str, model: ScriptedTexts
) -> None:
    model.most_texts = 3
    answer = ask(scripted, ["w1"] * 20)
    assert answer.status_code == 200
    assert max(len(texts) for texts, _ in model.asked) <= 3
    model.asked.clear()
    assert ask(scripted, ["w1"] * 20).status_code == 200
    # No batch failed any more: none had to be asked for twice.
    assert sum(len(texts) for texts, _ in model.asked) == 20
    assert len(model.asked) <= 10


def test_a_text_without_memory_fails_and_the_service_goes_on(scripted: str, model: ScriptedTexts) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = hold_back(scripted, model, pool)
        big, small = pool.submit(ask, scripted, "big"), pool.submit(ask, scripted, "w5")
        wait_until(lambda: inside(scripted) == 3, "all are inside")
        model.go.set()
        assert (first.result().status_code, small.result().status_code) == (200, 200)
    assert big.result().status_code == 503
    assert "larger machine" in big.result().json()["error"]["message"]
    assert ask(scripted, "w6").status_code == 200


def test_numbers_that_are_none_are_an_error_never_an_answer(scripted: str, model: ScriptedTexts) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = hold_back(scripted, model, pool)
        bad, good = pool.submit(ask, scripted, ["w1", "bad"]), pool.submit(ask, scripted, "w5")
        wait_until(lambda: inside(scripted) == 3, "all are inside")
        model.go.set()
        assert (first.result().status_code, good.result().status_code) == (200, 200)
    error = bad.result().json()["error"]
    assert (bad.result().status_code, error["code"]) == (500, "internal")
    assert "float32" in error["message"]


def test_who_has_gone_is_not_computed_for(scripted: str, model: ScriptedTexts) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = hold_back(scripted, model, pool)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{scripted}/v1/embeddings", json={"model": "counts", "input": "w7"}, timeout=1)
        wait_until(lambda: inside(scripted) == 1, "it has left")
        model.go.set()
        assert first.result().status_code == 200
    assert ask(scripted, "w8").status_code == 200
    assert all(WORDS.index("w7") not in ids for texts, _ in model.asked for ids in texts)


class TestBounded:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_waiting": 2, "max_waiting_tokens": 12, "stuck_seconds": 1.0})

    def test_more_requests_than_may_wait_are_told_to_come_back(
        self, scripted: str, model: ScriptedTexts
    ) -> None:
        with ThreadPoolExecutor(4) as pool:
            held = [hold_back(scripted, model, pool), *(pool.submit(ask, scripted, "w1") for _ in range(2))]
            wait_until(lambda: inside(scripted) == 3, "three are inside")
            refused = ask(scripted, "w1")
            model.go.set()
            assert {each.result().status_code for each in held} == {200}
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
        assert int(refused.headers["retry-after"]) > 0

    def test_more_tokens_than_may_wait_are_told_to_come_back(
        self, scripted: str, model: ScriptedTexts
    ) -> None:
        with ThreadPoolExecutor(4) as pool:
            first = hold_back(scripted, model, pool)
            refused = ask(scripted, ["w1 w2 w3"] * 2)
            model.go.set()
            assert first.result().status_code == 200
        assert (refused.status_code, "12" in refused.json()["error"]["message"]) == (429, True)
        # Alone, it may be larger.
        assert ask(scripted, ["w1 w2 w3"] * 4).status_code == 200

    def test_a_stuck_model_is_told_of_and_the_next_are_served_if_it_gets_on(
        self, scripted: str, model: ScriptedTexts
    ) -> None:
        with ThreadPoolExecutor(4) as pool:
            first = hold_back(scripted, model, pool)
            assert (first.result().status_code, "no progress" in first.result().text) == (503, True)
            assert ask(scripted, "w1").status_code == 503
            model.go.set()
        wait_until(lambda: answers_ok(scripted), "the work gets on")
        assert ask(scripted, "w1").status_code == 200


def test_a_lost_gpu_ends_the_process(
    settings: Settings, model: ScriptedTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr("os.kill", lambda *_: ended.set())
    with served(create_app(settings, model)) as url:
        wait_until(lambda: answers_ok(url), "the model has loaded")
        model.lost = True
        assert ask(url, "w1").status_code == 500
        assert ended.is_set()
        assert httpx.get(f"{url}/health").json()["status"] == "failed"


class TestBatches:
    @pytest.fixture
    async def items(self) -> Iterator[list[Item]]:
        import asyncio

        rng = np.random.default_rng(7)
        loop = asyncio.get_running_loop()
        orders = [
            Order(
                [[1] * int(n) for n in rng.integers(1, 60, 50)],
                prompt,
                np.zeros((50, 8), np.float32),
                loop.create_future(),
            )
            for prompt in (0, 3, 0)
        ]
        return [(order, index) for order in orders for index in range(50)]

    async def test_each_text_is_in_one_batch_of_its_instruction(self, items: list[Item]) -> None:
        made = [*batches(items, 256)]
        assert sorted((id(order), index) for batch in made for order, index in batch) == sorted(
            (id(order), index) for order, index in items
        )
        for batch in made:
            assert len({order.prompt_tokens for order, _ in batch}) == 1
            longest = max(len(order.texts[index]) for order, index in batch)
            assert longest * len(batch) <= 256

    async def test_sorting_wastes_little(self, items: list[Item]) -> None:
        padded = sum(max(len(o.texts[i]) for o, i in batch) * len(batch) for batch in batches(items, 256))
        tokens = sum(len(order.texts[index]) for order, index in items)
        assert padded < 1.25 * tokens

    async def test_a_text_longer_than_a_batch_is_one(self, items: list[Item]) -> None:
        assert all(len(batch) == 1 for batch in batches(items, 1))
