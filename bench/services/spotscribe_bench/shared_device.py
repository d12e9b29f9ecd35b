"""Two processes with stand-in loads on one device that does one thing at a time, in a shared GPU's order.

What is real is the order: :class:`GpuPriority` with its locks, gaps and pauses, in two processes. The device
is a lock, and all work is waiting, so that what else the machine does hardly changes it.
"""

import fcntl
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from spotscribe_bench.report import Report
from spotscribe_common.work.gpu_priority import GpuPriority

_ROUNDS = 3
_AUDIO_SECONDS = 150.0
# What whisperX took for 35 minutes of audio on a GPU that is not named: 82 s in all, of them 41 for alignment
# and 26 for diarization (https://github.com/m-bain/whisperX/issues/1287).
_OF_AUDIO, _WHOLE, _ALIGNING, _DIARIZING = 35 * 60.0, 82.0, 41.0, 26.0
# The device's part of that is assumed. Alignment is known to use it little: the search for the best path is
# Python (https://github.com/m-bain/whisperX/issues/639). To cluster voices is the processor's, too.
_DEVICE_OF_ALIGNING, _DEVICE_OF_DIARIZING = 1 / 3, 3 / 4
# Assumed, too: how much faster than it is played audio is decoded, and the seconds of a chunk of speech and
# of the work on a batch of pyannote's.
_DECODING_SPEED, _CHUNK_SECONDS, _BATCH_SECONDS = 500.0, 25.0, 0.1
# Of Voxtral-Mini-3B on a T4, estimated: its 32 + 30 layers read six prompts with this audio at 25 TFLOP/s;
# then each token of the answers takes its 9.4 GB through 320 GB/s, and half as long again.
_LAYERS, _LAYER_SECONDS = 62, 0.09
_TOKENS, _TOKEN_SECONDS = 120, 0.045


class Work(NamedTuple):
    """A piece of work that is not interrupted."""

    on: Literal["device", "processor"]
    seconds: float


class Device:
    """Does one thing at a time; whoever comes meanwhile waits.

    Args:
        path: its file, which is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def work(self, seconds: float) -> None:
        """Keeps the device busy for so long, once it is free."""
        with self._path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(seconds)


def transcribing(audio_seconds: float) -> list[Work]:
    """What whisperX does: decode, recognise in one batch, align chunk by chunk, tell speakers apart."""
    scale = audio_seconds / _OF_AUDIO
    recognising = (_WHOLE - _ALIGNING - _DIARIZING) * scale - audio_seconds / _DECODING_SPEED
    chunks = round(audio_seconds / _CHUNK_SECONDS)
    aligning = _ALIGNING * scale / chunks
    networks = _DIARIZING * scale * _DEVICE_OF_DIARIZING
    batches = round(networks / _BATCH_SECONDS)
    return [
        Work("processor", audio_seconds / _DECODING_SPEED),
        Work("device", recognising),
        *(
            Work("device", aligning * _DEVICE_OF_ALIGNING),
            Work("processor", aligning * (1 - _DEVICE_OF_ALIGNING)),
        )
        * chunks,
        *(Work("device", networks / batches),) * batches,
        Work("processor", _DIARIZING * scale - networks),
    ]


def analysing() -> list[Work]:
    """What Voxtral does: layer after layer, then token after token."""
    return [Work("device", _LAYER_SECONDS)] * _LAYERS + [Work("device", _TOKEN_SECONDS)] * _TOKENS


def transcribe(folder: Path, work: Sequence[Work]) -> float:
    """Does the work, first on the device; returns when it was done, by the machine's monotonic clock."""
    device, priority = Device(folder / "device"), GpuPriority(folder / "priority")
    for on, seconds in work:
        if on == "device":
            with priority.first():
                device.work(seconds)
        else:
            time.sleep(seconds)
    return time.monotonic()


def analyse(folder: Path, work: Sequence[Work]) -> float:
    """As `transcribe`, but gives way before each piece of the work."""
    device, priority = Device(folder / "device"), GpuPriority(folder / "priority")
    for _, seconds in work:
        priority.give_way(lambda: False)
        device.work(seconds)
    return time.monotonic()


def device_share(work: Sequence[Work]) -> float:
    """Of the work's time alone, what it is on the device, 0 to 1."""
    return sum(each.seconds for each in work if each.on == "device") / sum(each.seconds for each in work)


def measure(folder: Path, report: Report) -> None:
    """Tells the seconds to the transcript and to both, one after the other and at once, of every round."""
    transcriber, analyst = transcribing(_AUDIO_SECONDS), analysing()
    rounds: dict[str, list[dict[str, float]]] = {"in_turn": [], "at_once": []}
    # Started afresh, not forked: a fork would share the locks.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        # Both processes have to be there before time counts.
        for each in [pool.submit(time.sleep, 0.5) for _ in range(2)]:
            each.result()
        for number in range(_ROUNDS):
            for way in sorted(rounds, reverse=number % 2 == 0):
                began = time.monotonic()
                words = pool.submit(transcribe, folder, transcriber)
                if way == "in_turn":
                    words.result()
                meaning = pool.submit(analyse, folder, analyst)
                took = {
                    "transcript": words.result() - began,
                    "total": max(words.result(), meaning.result()) - began,
                }
                rounds[way].append(took)
                report.say(
                    f"round {number + 1}/{_ROUNDS}, {way}: "
                    f"transcript {took['transcript']:.1f} s, both {took['total']:.1f} s"
                )
    report.measured({**rounds, "device_share": device_share(transcriber)})
