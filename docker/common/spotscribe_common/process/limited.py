"""Programs whose memory, files and processor time the system limits."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

# A shell sets the limits between fork and exec: Python's own hook for that is unsafe with threads.
_LIMITED = 'ulimit -c 0 && ulimit -v "$1" && ulimit -f "$2" && ulimit -t "$3" && shift 3 && exec "$@"'


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Attributes:
        memory_bytes: address space.
        file_bytes: largest file it may write.
        cpu_seconds: processor time.
    """

    memory_bytes: int
    file_bytes: int
    cpu_seconds: int


def limited(command: Sequence[str], limits: Limits) -> list[str]:
    """The command that runs a program within limits."""
    return [
        "/bin/sh",
        "-c",
        _LIMITED,
        "sh",
        str(limits.memory_bytes // 1024),
        str(-(-limits.file_bytes // 512)),
        str(limits.cpu_seconds),
        *command,
    ]


def plain_environment() -> dict[str, str]:
    """An environment without anything of the service's own: no secret, no setting."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
