"""Pieces of audio that Whisper decodes at once, and where in them somebody speaks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_whisper.engines.whisperx_loading import VAD

# Length of Whisper's input in seconds.
LONGEST = 30.0
# Seconds around detected speech that are decoded too: first and last sounds are soft. With Whisper tiny.en, a
# tenth fewer errors in joined recordings.
_MARGIN = 0.25
# (start, end) in seconds.
Stretch = tuple[float, float]


@dataclass(frozen=True)
class Chunk:
    """A piece of a window with speech.

    Attributes:
        start: of the piece in seconds from the window's start.
        samples: float32, 16 kHz, at most :data:`LONGEST` seconds.
        speech: stretches of detected speech, in seconds from the chunk's start.
    """

    start: float
    samples: Any
    speech: Sequence[Stretch]

    @property
    def seconds(self) -> float:
        """Length of the chunk."""
        return len(self.samples) / SAMPLE_RATE

    def speech_between(self, start: float, end: float) -> float:
        """Seconds of detected speech between two times of the chunk."""
        return sum(max(0.0, min(end, last) - max(start, first)) for first, last in self.speech)

    def part(self, start: float, end: float) -> "Chunk":
        """The chunk's audio between two of its times, as a chunk of the same window."""
        samples = self.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        speech = [
            (max(first, start) - start, min(last, end) - start)
            for first, last in self.speech
            if first < end and last > start
        ]
        return replace(self, start=self.start + start, samples=samples, speech=speech)


class Speech:
    """The detected speech of a window.

    Args:
        detector: whisperX's voice activity detector.
        audio: float32 samples of the window, 16 kHz.
    """

    def __init__(self, detector: Any, audio: Any) -> None:
        self._detector = detector
        self._audio = audio
        self._found = detector({"waveform": detector.preprocess_audio(audio), "sample_rate": SAMPLE_RATE})

    def groups(self, longest: float = LONGEST) -> list[list[Stretch]]:
        """Stretches of speech in seconds from the window's start, in groups that end in a pause if possible.

        Args:
            longest: greatest length of a group in seconds, from its first stretch to its last.
        """
        merged = self._detector.merge_chunks(self._found, longest, **VAD)
        return [[(float(start), float(end)) for start, end in each["segments"]] for each in merged]

    def chunks(self, groups: Sequence[Sequence[Stretch]]) -> list[Chunk]:
        """The audio of each group, with a margin.

        Args:
            groups: in order of time, none of them empty or longer than :data:`LONGEST`.
        """
        starts, ends = [group[0][0] for group in groups], [group[-1][1] for group in groups]
        seconds = len(self._audio) / SAMPLE_RATE
        chunks = []
        for at, group in enumerate(groups):
            before = (starts[at] - ends[at - 1]) / 2 if at > 0 else starts[at]
            after = (starts[at + 1] - ends[at]) / 2 if at + 1 < len(groups) else seconds - ends[at]
            room = max(LONGEST - (ends[at] - starts[at]), 0.0) / 2
            start = max(starts[at] - min(_MARGIN, before, room), 0.0)
            end = min(ends[at] + min(_MARGIN, after, room), seconds)
            samples = self._audio[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
            chunks.append(Chunk(start, samples, [(first - start, last - start) for first, last in group]))
        return chunks


def find_chunks(detector: Any, audio: Any) -> list[Chunk]:
    """Detects speech, and joins it to chunks that end in a pause where there is one.

    Args:
        detector: whisperX's voice activity detector.
        audio: float32 samples of a window, 16 kHz.
    """
    speech = Speech(detector, audio)
    return speech.chunks(speech.groups())
