"""Two processes with simulated loads on one device that does one thing at a time, like a shared GPU.

Only the scheduling is real: :class:`GpuPriority` with its locks, gaps and pauses, in two processes. The
device is a lock and all work is sleeping, so other load of the machine hardly changes the result.
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
# WhisperX's time for 35 minutes of audio on an unnamed GPU: 82 s in total, 41 s for alignment and 26 s for
# diarization (https://github.com/m-bain/whisperX/issues/1287).
_OF_AUDIO, _WHOLE, _ALIGNING, _DIARIZING = 35 * 60.0, 82.0, 41.0, 26.0
# The device's share of that is assumed. Alignment is known to use it little: the search for the best path
# is Python (https://github.com/m-bain/whisperX/issues/639). Voices are also clustered on the processor.
_DEVICE_OF_ALIGNING, _DEVICE_OF_DIARIZING = 1 / 3, 3 / 4
# Also assumed: the decoding speed relative to real time, the seconds of a chunk of speech, and the seconds
# of work per batch of pyannote.
_DECODING_SPEED, _CHUNK_SECONDS, _BATCH_SECONDS = 500.0, 25.0, 0.1
# Estimated for Voxtral-Mini-3B on a T4: its 32 + 30 layers read six prompts with this audio at 25 TFLOP/s.
# Then each token of the answers reads 9.4 GB at 320 GB/s, plus 50 % overhead.
_LAYERS, _LAYER_SECONDS = 62, 0.09
_TOKENS, _TOKEN_SECONDS = 120, 0.045


class Work(NamedTuple):
    """An uninterruptible piece of work."""

    on: Literal["device", "processor"]
    seconds: float


class Device:
    """Does one thing at a time; other callers wait.

    Args:
        path: lock file, created if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def work(self, seconds: float) -> None:
        """Waits for the device and keeps it busy for this time."""
        with self._path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(seconds)


def transcribing(audio_seconds: float) -> list[Work]:
    """Work of whisperX: decode, recognize in one batch, align chunk by chunk, diarize."""
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
    """Work of Voxtral: layer after layer, then token after token."""
    return [Work("device", _LAYER_SECONDS)] * _LAYERS + [Work("device", _TOKEN_SECONDS)] * _TOKENS


def transcribe(folder: Path, work: Sequence[Work]) -> float:
    """Does the work with priority on the device; returns the end time on the monotonic clock."""
    device, priority = Device(folder / "device"), GpuPriority(folder / "priority")
    for on, seconds in work:
        if on == "device":
            with priority.first():
                device.work(seconds)
        else:
            time.sleep(seconds)
    return time.monotonic()


def analyse(folder: Path, work: Sequence[Work]) -> float:
    """Like `transcribe`, but waits for the other process before each piece of work."""
    device, priority = Device(folder / "device"), GpuPriority(folder / "priority")
    for _, seconds in work:
        priority.give_way(lambda: False)
        device.work(seconds)
    return time.monotonic()


def device_share(work: Sequence[Work]) -> float:
    """The device's share of the work's time, 0 to 1."""
    return sum(each.seconds for each in work if each.on == "device") / sum(each.seconds for each in work)


def measure(folder: Path, report: Report) -> None:
    """Reports for every round the seconds to the transcript and to both results, in both orders."""
    transcriber, analyst = transcribing(_AUDIO_SECONDS), analysing()
    rounds: dict[str, list[dict[str, float]]] = {"in_turn": [], "at_once": []}
    # Spawned, because forked processes would share the locks.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        # Both processes must run before the measurement starts.
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
