"""Programs that read untrusted files: bounded in memory, disk, processor time and wall time."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from spotscribe_common.errors import BadAudioError, InternalError
from spotscribe_common.process.limited import Limits, limited, plain_environment

_OUTPUT_CAP = 1 << 20
# Share of a processor above which a program without progress computes, and does not wait for storage.
_COMPUTES = 0.1


@dataclass(frozen=True)
class Bounds(Limits):
    """Limits with times.

    Attributes:
        wall_seconds: time until it is killed.
        stall_seconds: time without progress after which it is killed; only where progress can be seen.
    """

    wall_seconds: float
    stall_seconds: float = 120.0


@dataclass(frozen=True)
class Finished:
    """How a program ended: exit status (negative for a signal) and what it said.

    Of its output at most the first MiB, of its complaint the first and the last half MiB.
    """

    status: int
    output: bytes
    complaint: str
    timed_out: bool


@runtime_checkable
class Sink(Protocol):
    """Takes a program's output as it comes.

    Attributes:
        block_bytes: size of the blocks that `take` is called with.
    """

    block_bytes: int

    def take(self, block: bytes) -> None:
        """Called in a thread, one call at a time. The last block is shorter than the others, or empty."""


async def run_bounded(
    command: Sequence[str],
    bounds: Bounds,
    *,
    inherit: Sequence[int] = (),
    output: IO[bytes] | Sink | None = None,
    progress: Callable[[], object] | None = None,
) -> Finished:
    """Runs a program in a process group of its own, which is killed when the caller is cancelled.

    Args:
        command: program, looked up on PATH, and its arguments.
        bounds: what it may use.
        inherit: descriptors that it may read, under their own numbers.
        output: takes its standard output: a file or a sink. Without one the output is returned.
        progress: a value that changes as the program gets on.

    Raises:
        InternalError: the program is not installed, or waited for `bounds.stall_seconds` without progress.
        BadAudioError: it computed for as long without progress.
        Exception: what the sink raises.
    """
    program = shutil.which(command[0])
    if program is None:
        raise InternalError(f"{command[0]} is not on PATH. Install ffmpeg.")
    process = await asyncio.create_subprocess_exec(
        *limited([program, *command[1:]], bounds),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if output is None or isinstance(output, Sink) else output,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=tuple(inherit),
        start_new_session=True,
        env=plain_environment(),
    )
    timed_out = False
    said, complaint, latest = bytearray(), bytearray(), bytearray()
    try:
        try:
            async with asyncio.timeout(bounds.wall_seconds):
                taken = _taken(process.stdout, output if isinstance(output, Sink) else said)
                ended = asyncio.gather(taken, _drain(process.stderr, complaint, latest), process.wait())
                name = Path(program).name
                await _while_it_gets_on(ended, progress, bounds.stall_seconds, name, process.pid)
        except TimeoutError:
            timed_out = True
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    assert process.returncode is not None  # noqa: S101 - wait() has returned
    return Finished(process.returncode, bytes(said), (complaint + latest).decode(errors="replace"), timed_out)


async def _drain(
    stream: asyncio.StreamReader | None, into: bytearray, latest: bytearray | None = None
) -> None:
    """Reads to the end: a program that writes without end must not fill the memory.

    Args:
        stream: what the program writes.
        into: gets the beginning.
        latest: gets the end of the rest.
    """
    if stream is None:
        return
    most = _OUTPUT_CAP if latest is None else _OUTPUT_CAP // 2
    while chunk := await stream.read(1 << 16):
        kept = max(most - len(into), 0)
        into += chunk[:kept]
        if latest is not None:
            latest += chunk[kept:]
            del latest[:-most]


async def _taken(stream: asyncio.StreamReader | None, into: Sink | bytearray) -> None:
    await (_feed(stream, into) if isinstance(into, Sink) else _drain(stream, into))


async def _feed(stream: asyncio.StreamReader | None, sink: Sink) -> None:
    """Passes the output on, block by block."""
    block = b"" if stream is None else await _block(stream, sink.block_bytes)
    while True:
        taking = asyncio.ensure_future(asyncio.to_thread(sink.take, block))
        try:
            await asyncio.shield(taking)
        finally:
            # A thread cannot be cancelled: what it writes to must not be closed before it is done.
            await asyncio.wait({taking})
        if stream is None or len(block) < sink.block_bytes:
            return
        block = await _block(stream, sink.block_bytes)


async def _block(stream: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await stream.readexactly(size)
    except asyncio.IncompleteReadError as end:
        return end.partial


async def _while_it_gets_on(
    ended: asyncio.Future[tuple[None, None, int]],
    progress: Callable[[], object] | None,
    stall_seconds: float,
    name: str,
    pid: int,
) -> None:
    """Waits for the end of a program.

    Raises:
        BadAudioError: `progress()` stayed the same for `stall_seconds`, in which the program computed.
        InternalError: the same, but it waited: its storage may be slow.
    """
    seen, since, used = None, time.monotonic(), 0.0
    try:
        while not (await asyncio.wait({ended}, timeout=min(stall_seconds / 4, 5)))[0]:
            now = None if progress is None else progress()
            if progress is None or now != seen:
                seen, since, used = now, time.monotonic(), _processor_seconds(pid)
            elif time.monotonic() - since > stall_seconds:
                if _processor_seconds(pid) - used > _COMPUTES * stall_seconds:
                    raise BadAudioError(
                        f"The file is damaged: {name} computed for {stall_seconds:g} s without any audio."
                    )
                raise InternalError(f"{name} got no further for {stall_seconds:g} s.")
        await ended
    finally:
        if not ended.done():
            ended.cancel()
            await asyncio.wait({ended})
            # An exception that nobody looks at is logged.
            with contextlib.suppress(asyncio.CancelledError):
                ended.exception()


def _processor_seconds(pid: int) -> float:
    """Processor time of a process so far; 0 where the system does not tell it, or after its end."""
    try:
        # The name, in parentheses, may hold anything. The numbers are those of proc(5): utime and stime.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
