"""Programs that read untrusted files: bounded in memory, disk, processor time and wall time."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from spotscribe_common.errors import InternalError

_OUTPUT_CAP = 1 << 20
# The limits are set by a shell between fork and exec: Python's own hook for that is unsafe beside threads.
_LIMITED = 'ulimit -c 0 && ulimit -v "$1" && ulimit -f "$2" && ulimit -t "$3" && shift 3 && exec "$@"'


@dataclass(frozen=True)
class Bounds:
    """What a program may use.

    Attributes:
        memory_bytes: address space.
        file_bytes: largest file it may write.
        cpu_seconds: processor time.
        wall_seconds: time until it is killed.
    """

    memory_bytes: int
    file_bytes: int
    cpu_seconds: int
    wall_seconds: float


@dataclass(frozen=True)
class Finished:
    """How a program ended: exit status (negative for a signal) and what it said, at most 1 MiB of each."""

    status: int
    output: bytes
    complaint: str
    timed_out: bool


async def run_bounded(
    command: Sequence[str], bounds: Bounds, *, inherit: Sequence[int] = (), output: IO[bytes] | None = None
) -> Finished:
    """Runs a program in a process group of its own, which is killed when the caller is cancelled.

    Args:
        command: program, looked up on PATH, and its arguments.
        bounds: what it may use.
        inherit: descriptors that it may read, under their own numbers.
        output: file for its standard output; without one the output is returned.

    Raises:
        InternalError: the program is not installed.
    """
    program = shutil.which(command[0])
    if program is None:
        raise InternalError(f"{command[0]} is not on PATH. Install ffmpeg.")
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        _LIMITED,
        "sh",
        str(bounds.memory_bytes // 1024),
        str(-(-bounds.file_bytes // 512)),
        str(bounds.cpu_seconds),
        program,
        *command[1:],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if output is None else output,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=tuple(inherit),
        start_new_session=True,
        # Nothing of the service's environment is the program's business.
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    timed_out = False
    said, complaint = bytearray(), bytearray()
    try:
        try:
            async with asyncio.timeout(bounds.wall_seconds):
                await asyncio.gather(_drain(process.stdout, said), _drain(process.stderr, complaint))
                await process.wait()
        except TimeoutError:
            timed_out = True
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    assert process.returncode is not None  # noqa: S101 - wait() has returned
    return Finished(process.returncode, bytes(said), complaint.decode(errors="replace"), timed_out)


async def _drain(stream: asyncio.StreamReader | None, into: bytearray) -> None:
    """Reads to the end, keeps the beginning: a program that writes without end must not fill the memory."""
    if stream is None:
        return
    while chunk := await stream.read(1 << 16):
        into += chunk[: max(_OUTPUT_CAP - len(into), 0)]
