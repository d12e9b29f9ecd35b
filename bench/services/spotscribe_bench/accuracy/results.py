"""Collects what the systems have heard, and computes the figures of the report."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from spotscribe_bench.accuracy import scoring
from spotscribe_bench.accuracy.recordings import Recording
from spotscribe_bench.accuracy.scoring import Counts
from spotscribe_bench.accuracy.sets import NO_SPEECH, PLAIN, SPOILED, Clip
from spotscribe_bench.accuracy.systems import SEQUENTIAL, SERVICE, SYSTEMS, WHISPERX, Heard
from spotscribe_bench.accuracy.word_times import start_errors

# Groups of recordings with fewer words have no line of their own.
_LEAST_WORDS = 500


class Results:
    """What all systems have heard in all clips."""

    def __init__(self) -> None:
        self._counts: dict[str, list[tuple[Clip, dict[str, Counts]]]] = defaultdict(list)
        self._processor = dict.fromkeys(SYSTEMS, 0.0)
        self._invented = dict.fromkeys(SYSTEMS, 0)
        self._silent_seconds = 0.0
        self._plain: dict[str, Heard] = {}

    def add(self, clip: Clip, heard: Mapping[str, Heard]) -> None:
        """Counts the errors in a clip.

        Args:
            clip: what was transcribed.
            heard: by system.
        """
        for system, each in heard.items():
            self._processor[system] += each.processor
        texts = {system: scoring.normal(each.text) for system, each in heard.items()}
        if clip.set == NO_SPEECH:
            self._silent_seconds += clip.seconds
            for system, text in texts.items():
                self._invented[system] += len(text.split())
            return
        if clip.set == PLAIN:
            self._plain[clip.name] = heard[SERVICE]
        reference = scoring.normal(clip.text)
        # Without the samples, which are large.
        kept = clip._replace(samples=clip.samples[:0])
        self._counts[clip.set].append(
            (kept, {system: scoring.counts(reference, text) for system, text in texts.items()})
        )

    def summary(self, name: str) -> str:
        """Word errors, or invented words, of a set so far, by system."""
        if name == NO_SPEECH:
            return ", ".join(f"{system} {count} words" for system, count in self._invented.items())
        sums = {system: counted.sum(axis=0) for system, counted in self._blocks([name]).items()}
        return ", ".join(
            f"{system} {100 * scoring.errors(each) / each[0]:.1f} %" for system, each in sums.items()
        )

    def measured(self, recordings: Sequence[Recording]) -> dict[str, Any]:
        """All figures.

        Args:
            recordings: those of the set `plain`, for the times of their words.
        """
        spoiled = [name for name in self._counts if name in SPOILED]
        silent = self._silent_seconds / 60
        return {
            "sets": [self._set(*line) for line in self._lines()],
            "saved": self._saved(spoiled) if spoiled else None,
            "invented": {"minutes": silent, "words": self._invented} if silent else None,
            "processor": self._processor,
            "word_starts": start_errors(recordings, self._plain) if self._plain else None,
        }

    def _lines(self) -> list[tuple[str, dict[str, Counts], int]]:
        """Name, counts and number of clips of each line: the sets, and large groups of the set `plain`."""
        lines = []
        for name, clips in self._counts.items():
            lines.append((name, self._blocks([name]), len(clips)))
            large = self._large_groups(clips) if name == PLAIN else []
            for group in [*large, None] if large else []:
                own = [each for clip, each in clips if (clip.group if clip.group in large else None) == group]
                if own:
                    line = f"{name}, {group or 'all other groups'}"
                    lines.append((line, _by_system(own), len(own)))
        return lines

    def _large_groups(self, clips: Sequence[tuple[Clip, dict[str, Counts]]]) -> list[str]:
        words: dict[str, int] = defaultdict(int)
        for clip, each in clips:
            words[clip.group] += len(each[SERVICE])
        return [group for group, count in words.items() if count >= _LEAST_WORDS]

    def _blocks(self, names: Sequence[str]) -> dict[str, Counts]:
        return _by_system([each for name in names for _, each in self._counts[name]])

    def _set(self, name: str, counted: Mapping[str, Counts], clips: int) -> dict[str, Any]:
        better = min((WHISPERX, SEQUENTIAL), key=lambda system: int(scoring.errors(counted[system]).sum()))
        return {
            "name": name,
            "pooled": name in self._counts,
            "clips": clips,
            "words": int(counted[SERVICE][:, 0].sum()),
            "systems": {system: _errors(each) for system, each in counted.items()},
            "difference": {
                "beside": better,
                **scoring.difference(counted[SERVICE], counted[better])._asdict(),
            },
        }

    def _saved(self, names: Sequence[str]) -> dict[str, Any]:
        counted = self._blocks(names)
        return {"sets": names, **scoring.saved(counted[SERVICE], counted[WHISPERX])._asdict()}


def _by_system(counts: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    return {system: scoring.blocks([each[system] for each in counts]) for system in SYSTEMS}


def _errors(counted: Counts) -> dict[str, Any]:
    _, substitutions, deletions, insertions = map(int, counted.sum(axis=0))
    return {
        "substitutions": substitutions,
        "deletions": deletions,
        "insertions": insertions,
        **scoring.word_error_rate(counted)._asdict(),
    }
