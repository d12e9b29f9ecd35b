"""The recogniser's process, when the service ends before it."""

import struct
import subprocess
import sys
from pathlib import Path

from spotscribe_audio.speech import recogniser_process


def test_it_says_nothing_of_a_service_that_ended_while_it_listened() -> None:
    """Its complaint stood in the service's log whenever that was stopped at the wrong moment."""
    process = subprocess.Popen(
        [sys.executable, Path(recogniser_process.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"[]\n"
    process.stdout.close()
    second = bytes(32_000)
    process.stdin.write(struct.pack("<I", len(second)) + second)
    process.stdin.close()
    assert process.wait(timeout=600) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
