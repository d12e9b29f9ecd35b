"""Marks of the work's steps."""

import asyncio
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotscribe_common.contract import WindowDone
from spotscribe_common.http.event_stream import EventStream
from spotscribe_common.process.stuck_exit import STUCK_STATUS
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.job import Job
from spotscribe_common.work.liveness import Liveness, mark
from spotscribe_common.work.model_thread import ModelThread
from spotscribe_testing.places import DOCKER


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each mark that is left from here on."""
    left: list[int] = []
    monkeypatch.setattr(Liveness, "mark", lambda _: left.append(1))
    return left


async def test_only_work_can_be_silent_and_only_a_mark_ends_that() -> None:
    thread, may_go_on, ended = ModelThread(), threading.Semaphore(0), threading.Event()
    silences: list[float] = []

    def work() -> None:
        may_go_on.acquire()
        silences.append(thread.liveness.silent_seconds)
        mark()
        silences.append(thread.liveness.silent_seconds)
        ended.set()

    assert thread.liveness.silent_seconds == 0
    running = asyncio.ensure_future(thread.run(work))
    await asyncio.sleep(0.2)
    # A mark of another thread is none.
    mark()
    assert thread.liveness.silent_seconds > 0.1
    may_go_on.release()
    await running
    assert silences[1] < silences[0]
    assert thread.liveness.silent_seconds == 0
    thread.close()


async def test_nothing_is_stuck_without_a_limit_and_everything_beyond_it() -> None:
    thread, may_end = ModelThread(), threading.Event()
    running = asyncio.ensure_future(thread.run(lambda: may_end.wait(20) and None))
    await asyncio.sleep(0.05)
    assert not thread.liveness.is_stuck
    thread.liveness.limit = 0.01
    assert thread.liveness.is_stuck
    may_end.set()
    await running
    assert not thread.liveness.is_stuck
    thread.close()


async def test_a_stream_shows_no_life_while_the_work_does_not_get_on() -> None:
    models, may_end = ModelThread(), threading.Event()

    def work(emit: Any, _cancelled: Any) -> None:
        may_end.wait(20)
        emit(WindowDone(end=1, progress=1))

    job = Job[WindowDone](work, models, ExitStack(), lambda _: None, models.liveness)
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.Event().wait()

    stream = EventStream(job, "text/plain", lambda _: "event", keep_alive=".", keep_alive_seconds=0.01)
    answering = asyncio.ensure_future(stream({}, receive, send))
    async with asyncio.timeout(20):
        while sent.count(b".") < 3:
            await asyncio.sleep(0.01)
    models.liveness.limit = 0.0
    await asyncio.sleep(0.05)
    alive = sent.count(b".")
    await asyncio.sleep(0.3)
    assert sent.count(b".") == alive
    may_end.set()
    await answering
    models.close()
    assert sent[-2:] == [b"event", b""]


def test_who_gives_way_is_not_stuck_and_does_not_do_so_for_ever(tmp_path: Path, marks: list[int]) -> None:
    file = tmp_path / "gpu"
    with GpuPriority(file).first(), Liveness().working():
        before = len(marks)
        GpuPriority(file, longest_wait=0.2).give_way(lambda: False)
    assert len(marks) > before + 2


@pytest.mark.parametrize("stuck", ["ctypes.PyDLL(None).sleep(600)", "threading.Event().wait()"])
def test_the_first_process_of_a_container_ends_too_with_its_stacks_and_its_status(stuck: str) -> None:
    """The kernel spares a container's first process every signal that it has no handler for."""
    alone = ["unshare", "--user", "--pid", "--fork"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode != 0:
        pytest.skip("there are no namespaces here")
    program = (
        "import ctypes, os, threading\nfrom spotscribe_common.process.stuck_exit import end_in, install\n"
        f"assert os.getpid() == 1\ninstall()\nend_in(0.2)\ndef stuck():\n    {stuck}\nstuck()"
    )
    ended = subprocess.run(
        [*alone, sys.executable, "-c", program],
        env={"PYTHONPATH": str(DOCKER / "common")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == STUCK_STATUS, ended.stderr
    assert "in stuck" in ended.stderr


def test_each_call_of_a_network_and_each_batch_is_a_step(marks: list[int]) -> None:
    from spotscribe_whisper.engines.gpu_turns import go_first
    from spotscribe_whisper.engines.whisperx_decoder import PriorityModel

    hooks: list[Any] = []
    nowhere = GpuPriority(None)
    network = SimpleNamespace(register_forward_hook=hooks.append, register_forward_pre_hook=lambda _: None)
    go_first(network, nowhere)
    names = ("encode", "detect_language", "generate", "align")
    model = PriorityModel(SimpleNamespace(**{name: lambda *_: 1 for name in names}), nowhere)
    with Liveness().working():
        before = len(marks)
        for step in (
            lambda: hooks[0](None, None, None),
            lambda: model.encode(None),
            lambda: model.detect_language(None),
            lambda: model.generate(None, []),
            lambda: model.align(None),
        ):
            step()
            before += 1
            assert len(marks) == before


def test_each_layer_of_a_prompt_and_each_token_is_a_step(marks: list[int]) -> None:
    from spotscribe_voxtral.engines.pauses import Pauses

    pauses = Pauses(SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: False)), GpuPriority(None))
    with Liveness().working():
        before = len(marks)
        pauses.pause()
        pauses._before_layer(None, (np.zeros((1, 2, 3)),))
        assert len(marks) == before + 2
