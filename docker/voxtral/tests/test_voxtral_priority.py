"""Transcripts and chats go before analyses: one of these gives way between two batches."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral, known, seconds, wanted
from spotscribe_testing.service.live_server import answers_ok, open_files, served, wait_until
from spotscribe_voxtral.app import create_app
from spotscribe_voxtral.engines.engine import Capacity, Message
from spotscribe_voxtral.settings import Settings

Post = Callable[..., "Future[httpx.Response]"]
TASKS = ["summary", "topics", "entities"]


@pytest.fixture
def model() -> ScriptedVoxtral:
    return ScriptedVoxtral(room=Capacity(window_seconds=60.0, batch=1))


@pytest.fixture
def done(model: ScriptedVoxtral) -> list[str]:
    """What the model has done, in its order."""
    done: list[str] = []

    def script(conversation: Sequence[Message]) -> str:
        try:
            name = wanted(conversation)
        except (IndexError, StopIteration):
            done.append("chat")
            return "Good morning."
        done.append(name)
        return known(conversation)

    def hears(length: float, _language: str | None) -> str:
        done.append(f"{length:g} s")
        return "good morning"

    model.script, model.hears = script, hears
    return done


@pytest.fixture
def url(settings: Settings, model: ScriptedVoxtral) -> Iterator[str]:
    for length in (4, 5, 35):
        tone(settings.shared_audio / f"{length}.flac", length)
    with served(create_app(settings.model_copy(update={"max_waiting": 4}), model)) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found
        model.go.set()


@pytest.fixture
def post(url: str, model: ScriptedVoxtral) -> Iterator[Post]:
    """Sends a request, whose answer comes later."""
    with ThreadPoolExecutor(5) as pool:

        def send(route: str, body: dict[str, Any]) -> "Future[httpx.Response]":
            return pool.submit(httpx.post, f"{url}{route}", json=body, timeout=60)

        yield send
        model.go.set()


def decoded(url: str, count: int) -> None:
    line = f'spotscribe_stage_seconds_count{{stage="decode"}} {count}.0'
    wait_until(lambda: line in httpx.get(f"{url}/metrics").text, f"{count} recordings are decoded")


def has_inside(url: str, count: int) -> None:
    def inside() -> bool:
        found: int = httpx.get(f"{url}/health").json()["queue"]["inside"]
        return found == count

    wait_until(inside, f"{count} requests are inside")


def test_transcripts_and_chats_are_made_between_two_batches_of_an_analysis(
    url: str, post: Post, model: ScriptedVoxtral, done: list[str]
) -> None:
    model.go.clear()
    answers = [post("/analyze", {"path": "35.flac", "tasks": TASKS})]
    wait_until(lambda: model.at_work == 1, "the analysis has begun")
    for number, length in enumerate((4, 5), 2):
        answers.append(post("/transcribe", {"path": f"{length}.flac"}))
        decoded(url, number)
    asked = {"model": "voxtral", "messages": [{"role": "user", "content": "Hello"}]}
    answers.append(post("/v1/chat/completions", asked))
    has_inside(url, 4)
    model.go.set()
    assert [answer.result().status_code for answer in answers] == [200] * 4
    assert done == ["summary", "4 s", "5 s", "chat", "topics", "entities"]


def test_analyses_are_made_one_after_another(url: str, post: Post, model: ScriptedVoxtral) -> None:
    model.go.clear()
    answers = [post("/analyze", {"path": f"{length}.flac", "tasks": TASKS}) for length in (4, 5)]
    decoded(url, 2)
    wait_until(lambda: model.at_work == 1, "one has begun")
    model.go.set()
    assert [answer.result().status_code for answer in answers] == [200, 200]
    lengths = [seconds(conversation) for [conversation] in model.batches]
    assert lengths in (sorted(lengths), sorted(lengths, reverse=True))


def test_an_analysis_that_gives_way_ends_with_its_caller(
    url: str, model: ScriptedVoxtral, done: list[str], post: Post, tmp_path: Path
) -> None:
    model.go.clear()
    transcript = post("/transcribe", {"path": "4.flac"})
    wait_until(lambda: model.at_work == 1, "the transcription has begun")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/analyze", json={"path": "35.flac"}, timeout=1)
    has_inside(url, 1)
    wait_until(lambda: len(open_files(tmp_path)) == 1, "the audio of the analysis is closed")
    model.go.set()
    assert transcript.result().status_code == 200
    assert done == ["4 s"]


def test_a_transcript_that_nobody_waits_for_lets_the_analysis_go_on(
    url: str, model: ScriptedVoxtral, done: list[str], post: Post
) -> None:
    model.go.clear()
    analysis = post("/analyze", {"path": "35.flac", "tasks": TASKS})
    wait_until(lambda: model.at_work == 1, "the analysis has begun")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/transcribe", json={"path": "4.flac"}, timeout=1)
    decoded(url, 2)
    model.go.set()
    assert analysis.result().status_code == 200
    assert done == TASKS


def test_the_free_memory_is_measured_in_turn(
    url: str, model: ScriptedVoxtral, done: list[str], post: Post
) -> None:
    model.go.clear()
    transcript = post("/transcribe", {"path": "4.flac"})
    wait_until(lambda: model.at_work == 1, "the transcription has begun")
    measured = len(model.capacity_asked)
    analysis = post("/analyze", {"path": "35.flac", "tasks": TASKS})
    decoded(url, 2)
    has_inside(url, 2)
    assert len(model.capacity_asked) == measured
    model.go.set()
    assert transcript.result().status_code == analysis.result().status_code == 200
    assert done == ["4 s", *TASKS]
