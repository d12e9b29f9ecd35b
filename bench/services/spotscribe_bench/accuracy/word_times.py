"""Compares the service's word starts with those of a forced alignment by pocketsphinx.

The alignment is no perfect reference. After pauses its starts are 20 ms before the rise of the energy (median
of 40 words; 5th to 95th percentile: 45 ms before to 35 ms after), which is not corrected.
"""

import base64
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_bench.accuracy.recordings import Recording
from spotscribe_bench.accuracy.systems import Heard
from spotscribe_testing.places import DOCKER

# Clear speech whose text is exact. Others are aligned with more errors than a recogniser makes.
_GROUPS = frozenset({"librispeech-test-other", "ljspeech", "librivox-austen"})
_IDS = frozenset({"jfk"})
# The light environment has pocketsphinx, the production environment does not.
_PYTHON = DOCKER / ".venv" / "bin" / "python"
_PROGRAM = Path(__file__).with_name("alignment_process.py")


def start_errors(recordings: Sequence[Recording], heard: Mapping[str, Heard]) -> dict[str, Any] | None:
    """Errors of the starts of the words that were recognised correctly.

    Args:
        recordings: those that are not clear speech are skipped.
        heard: by recording; the segments have words with times.

    Returns:
        Number of words, and median and 90th percentile of the errors in seconds; None without any, also if
        there is no light environment.
    """
    clear = [each for each in recordings if each.group in _GROUPS or each.id in _IDS]
    used = [each for each in clear if each.id in heard]
    errors: list[float] = []
    for each, starts in zip(used, reference_starts(used), strict=True):
        if starts is not None:
            spoken = [word for segment in heard[each.id].segments for word in segment.get("words") or ()]
            errors += matched_errors(plain_words(each.text), starts, spoken)
    if not errors:
        return None
    median, late = np.percentile(errors, (50, 90))
    return {"words": len(errors), "median": float(median), "p90": float(late)}


def reference_starts(recordings: Sequence[Recording]) -> list[list[float] | None]:
    """Starts in seconds of each recording's words; None if pocketsphinx does not know one of them."""
    if not _PYTHON.is_file():
        return [None] * len(recordings)
    asked = "".join(
        json.dumps(
            {
                "samples": base64.b64encode(each.samples.tobytes()).decode(),
                "words": plain_words(each.text),
            }
        )
        + "\n"
        for each in recordings
    )
    # -P: the modules beside the program must not be mistaken for packages.
    command = [str(_PYTHON), "-P", str(_PROGRAM)]
    answer = subprocess.run(command, input=asked, capture_output=True, check=True, text=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def plain_words(text: str) -> list[str]:
    """The words in lower case without punctuation, as in pocketsphinx's dictionary."""
    parts = re.sub(r"[-\u2013\u2014]", " ", text.lower().replace("\u2019", "'")).split()
    words = (re.sub(r"[^a-z0-9']", "", part).strip("'") for part in parts)
    return [word for word in words if word]


def matched_errors(
    reference: Sequence[str], starts: Sequence[float], spoken: Sequence[Mapping[str, Any]]
) -> list[float]:
    """Differences in seconds between the starts of the words that both have.

    Args:
        reference: words of `plain_words`.
        starts: their starts in seconds.
        spoken: words with `word` and `start`.
    """
    import jiwer

    # Of a word such as "well-known", only the first part has a start.
    heard = [(part, word["start"]) for word in spoken for part in plain_words(word["word"])[:1]]
    if not heard:
        return []
    aligned = jiwer.process_words(" ".join(reference), " ".join(word for word, _ in heard)).alignments[0]
    return [
        abs(heard[part.hyp_start_idx + n][1] - starts[part.ref_start_idx + n])
        for part in aligned
        if part.type == "equal"
        for n in range(part.ref_end_idx - part.ref_start_idx)
    ]
