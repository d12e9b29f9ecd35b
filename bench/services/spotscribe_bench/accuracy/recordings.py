"""Recordings of human speech with their texts, as a manifest lists them."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.audio import decoded
from spotscribe_testing.places import ROOT

# The committed part, in the public domain.
COMMITTED = ROOT / "test" / "fixtures" / "speech"


class Recording(NamedTuple):
    """One recording.

    Attributes:
        id: unique name.
        group: where it comes from, such as `ljspeech`.
        speaker: who speaks, unique among all groups.
        samples: 16 kHz mono.
        text: what is said; empty for noises.
    """

    id: str
    group: str
    speaker: str
    samples: Samples
    text: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def speech_folder() -> Path:
    """The folder of recordings: the variable `SPEECH_DIR`, or the committed part.

    Raises:
        RuntimeError: it has no manifest.
    """
    folder = Path(os.environ.get("SPEECH_DIR") or COMMITTED)
    if not (folder / "manifest.json").is_file():
        raise RuntimeError(f"SPEECH_DIR must name a folder with a manifest.json; got {str(folder)!r}.")
    return folder


def recordings(folder: Path) -> list[Recording]:
    """Decodes the recordings with a text and those of the group `no-speech`, in the manifest's order.

    Args:
        folder: contains `manifest.json`, a list of objects with `id`, `group`, `file`, `text` (null for
            recordings without a text) and optionally `speaker`.
    """
    listed = json.loads((folder / "manifest.json").read_text())
    return [
        Recording(
            each["id"],
            each["group"],
            f"{each['group']}/{each.get('speaker') or each['id']}",
            decoded(folder / each["file"]),
            each["text"] or "",
        )
        for each in listed
        if each["text"] or each["group"] == "no-speech"
    ]
