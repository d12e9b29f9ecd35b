"""The program that encodes and measures: its command, and how it ends."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from typing import IO

from spotscribe_common.errors import CancelledWorkError, DiskFullError, InternalError, ServiceError
from spotscribe_common.process.limited import Limits, limited, plain_environment
from spotscribe_speech.sound.joining import Pcm

_MEMORY_BYTES = 2 << 30
# An hour of a processor encodes 40 hours of speech in the slowest format.
_CPU_SECONDS = 6 * 3600
_LOOK_SECONDS = 0.1
# Of what it said, from the end; and how much it may say.
_COMPLAINT_BYTES = 2000
_MOST_SAID_BYTES = 1 << 20
# What the system says when a disk, a quota or a limit is reached; the program repeats it.
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


def command(arguments: Sequence[str], file_bytes: int = 0) -> list[str]:
    """The command that runs ffmpeg within limits.

    Args:
        arguments: for inputs and outputs.
        file_bytes: largest file that it may write, beside what it says.

    Raises:
        InternalError: it is not installed.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise InternalError("ffmpeg is not on PATH. Install ffmpeg.")
    common = ["-nostdin", "-hide_banner", "-nostats", "-threads", "1"]
    return limited(
        [program, *common, *arguments], Limits(_MEMORY_BYTES, file_bytes + _MOST_SAID_BYTES, _CPU_SECONDS)
    )


def pcm_input(sample_rate: int) -> list[str]:
    """16-bit samples on standard input, which are read as they come."""
    form = ["-f", "s16le", "-ar", str(sample_rate), "-ac", "1"]
    early = ["-probesize", "32", "-analyzeduration", "0"]
    return ["-protocol_whitelist", "pipe", *early, *form, "-i", "pipe:0"]


def failure(status: int, said: str) -> ServiceError:
    """The error for a run that did not succeed, with the last line of what it said.

    Args:
        status: its exit status, negative for a signal.
        said: what it wrote to standard error.
    """
    if _is_full(status, said):
        return DiskFullError("The scratch disk is full.", retry_after=30)
    last = said.strip().splitlines()[-1:] or [f"status {status}"]
    return InternalError(f"ffmpeg failed: {last[0][:200]}.")


def _is_full(status: int, said: str) -> bool:
    return status == -signal.SIGXFSZ or any(words in said for words in _FULL)


def fed(
    arguments: Sequence[str],
    blocks: Iterable[Pcm],
    is_stopped: Callable[[], bool],
    file_bytes: int = 0,
) -> str:
    """Runs ffmpeg over samples and returns what it said. It is killed if this raises.

    Args:
        arguments: with :func:`pcm_input`.
        blocks: about a second each, so that it stops soon.
        is_stopped: whether nobody wants the result any more.
        file_bytes: largest file that it may write.

    Raises:
        CancelledWorkError: it was stopped.
        DiskFullError: it could not write its file.
        InternalError: it failed otherwise.
    """
    with tempfile.TemporaryFile() as complaint:
        program = subprocess.Popen(
            command(arguments, file_bytes),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaint,
            start_new_session=True,
            env=plain_environment(),
        )
        try:
            assert program.stdin is not None  # noqa: S101 - it is a pipe
            _feed(program.stdin, blocks, is_stopped)
            status = _ended(program, is_stopped)
        finally:
            program.kill()
            program.wait()
        said = _said(complaint)
    # It succeeds where the last bytes of a file could not be written.
    if status != 0 or _is_full(status, said):
        raise failure(status, said)
    return said


def _feed(pipe: IO[bytes], blocks: Iterable[Pcm], is_stopped: Callable[[], bool]) -> None:
    try:
        with pipe:
            for block in blocks:
                if is_stopped():
                    raise CancelledWorkError
                pipe.write(block.tobytes())
    except BrokenPipeError:
        # It has ended early: its status says why.
        return


def _ended(program: "subprocess.Popen[bytes]", is_stopped: Callable[[], bool]) -> int:
    """Its status. A long book takes seconds after its last sample."""
    while (status := program.poll()) is None:
        if is_stopped():
            raise CancelledWorkError
        time.sleep(_LOOK_SECONDS)
    return status


def _said(complaint: IO[bytes]) -> str:
    complaint.seek(max(complaint.seek(0, 2) - _COMPLAINT_BYTES, 0))
    return complaint.read().decode(errors="replace")
