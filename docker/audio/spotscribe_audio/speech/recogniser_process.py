"""Runs pocketsphinx in a process of its own: it holds Python's lock for as long as it listens.

Run as a script, it imports nothing of the service. Windows come on standard input, each as its length in
bytes (4 bytes, little endian) and its samples (16 kHz, mono, 16 bits). For each, one line of JSON goes out:
the entries of the recogniser as word, first and last frame of 10 ms. It ends with its input, and so with the
service.
"""

import json
import os
import struct
import sys
from typing import Any, BinaryIO


def listen(windows: BinaryIO, answers: BinaryIO) -> None:
    """Answers window after window; the first line says `[]` when the model is loaded, or why it is not."""
    try:
        from pocketsphinx import Decoder  # noqa: PLC0415

        # Normalising each window by itself keeps its words independent of what was heard before.
        decoder = Decoder(loglevel="FATAL", cmn="batch", samprate=16_000)
    except (ImportError, RuntimeError) as error:
        _say(answers, {"error": f"{type(error).__name__}: {error}"})
        return
    _say(answers, [])
    while len(head := windows.read(4)) == 4:
        samples = windows.read(struct.unpack("<I", head)[0])
        _say(answers, _entries(decoder, samples))


def _entries(decoder: Any, samples: bytes) -> list[tuple[str, int, int]]:
    if not samples:
        return []
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    return [(entry.word, entry.start_frame, entry.end_frame) for entry in decoder.seg() or ()]


def _say(answers: BinaryIO, value: object) -> None:
    answers.write(json.dumps(value).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    try:
        listen(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # The service ended meanwhile. An orderly end would try to write what is left once more.
        os._exit(0)
