"""Aligns recordings to their texts with pocketsphinx, in an environment that has it.

Run as a script. Reads lines of JSON with `samples` (base64 of 16 kHz mono samples) and `words` (in lower
case), and writes a line for each: the words' starts in seconds, or null if that failed or the dictionary
lacks a word.
"""

import base64
import json
import re
import sys
from typing import Any

_FRAMES_PER_SECOND = 100
_ALTERNATIVE = re.compile(r"\(\d+\)$")


def starts(decoder: Any, samples: bytes, words: list[str]) -> list[float] | None:
    """Starts of the words in seconds.

    Args:
        decoder: pocketsphinx's.
        samples: 16-bit samples.
        words: all that is said, in lower case.
    """
    if any(decoder.lookup_word(word) is None for word in words):
        return None
    decoder.set_align_text(" ".join(words))
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    found = [(_ALTERNATIVE.sub("", part.word), part.start_frame) for part in decoder.seg() or ()]
    # The others are silence and noises.
    spoken = [(word, frame) for word, frame in found if word[0] not in "<[+"]
    if [word for word, _ in spoken] != words:
        return None
    return [frame / _FRAMES_PER_SECOND for _, frame in spoken]


def main() -> None:
    """Answers line by line."""
    from pocketsphinx import Decoder

    decoder = Decoder(loglevel="FATAL")
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(
            f"{json.dumps(starts(decoder, base64.b64decode(asked['samples']), asked['words']))}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
