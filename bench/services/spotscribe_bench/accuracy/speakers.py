"""Measures who speaks when: diarizers beside each other, without and with the rules of our cleanup."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy.diarizers import EndedError, diarizers
from spotscribe_bench.accuracy.recordings import recordings, speech_folder
from spotscribe_bench.accuracy.speaker_scoring import Errors, cp_word_errors, diarization_errors
from spotscribe_bench.accuracy.systems import heard_by
from spotscribe_bench.accuracy.talks import Talk, joined_talks, moved, real_talks
from spotscribe_bench.audio import write_wav
from spotscribe_bench.report import Report
from spotscribe_bench.service import Service, loaded_service
from spotscribe_common.contract import SPEAKER_RULES, Segment, SpeakerRule, SpeakerTurn
from spotscribe_whisper.speakers.attribution import attributed
from spotscribe_whisper.speakers.cleaning.cleanup import clean
from spotscribe_whisper.speakers.word_speakers import WordSpeakers

_MODEL = "tiny.en"
_LANGUAGE = "en"
# The name of the reference as a diarizer.
_MOVED = "reference, boundaries moved"
# Rules of the cleanup that are applied, by the name of the figure.
CLEANUPS: dict[str, tuple[SpeakerRule, ...]] = {
    "none": (),
    **{rule: (rule,) for rule in SPEAKER_RULES},
    "all": SPEAKER_RULES,
}


def measure(folder: Path, report: Report) -> None:
    """Reports errors and processor seconds by set, diarizer and cleanup."""
    speech = speech_folder()
    talks = [*real_talks(speech), *joined_talks(recordings(speech))]
    link_packaged(_MODEL, folder / "models" / _MODEL)
    (folder / "shared").mkdir()
    random = np.random.default_rng(57)
    sums: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    report.say("loading the service and the diarizers")
    with (
        loaded_service("spotscribe_whisper", folder, "service", WHISPER_MODEL=_MODEL) as (url, pid),
        diarizers(folder) as compared,
    ):
        service = Service(url, pid, folder / "shared", folder / "service-scratch")
        for number, talk in enumerate(talks, 1):
            file = service.shared / "talk.wav"
            write_wav(file, talk.samples)
            segments = [Segment.model_validate(each) for each in heard_by(service, file.name).segments]
            for each in list(compared):
                try:
                    told = each.told(talk.samples, file)
                except EndedError as error:
                    report.say(str(error))
                    compared.remove(each)
                    continue
                sums[talk.set, each.name].add(talk, told.turns, segments, told.processor)
            if talk.texts is not None:
                sums[talk.set, _MOVED].add(talk, moved(talk.turns, random), segments, 0.0)
            so_far = ", ".join(f"{who} {each}" for (name, who), each in sums.items() if name == talk.set)
            report.say(f"{number}/{len(talks)} {talk.set} {talk.name}: {so_far}")
    report.measured(
        {"sets": [{"set": name, "engine": who, **each.figures()} for (name, who), each in sums.items()]}
    )


class _Sums:
    """The errors of one diarizer in one set, by cleanup."""

    def __init__(self) -> None:
        self._talks = 0
        self._seconds = self._processor = 0.0
        self._errors: dict[str, Errors] = dict.fromkeys(CLEANUPS, Errors())

    def add(
        self, talk: Talk, raw: Sequence[SpeakerTurn], segments: Sequence[Segment], processor: float
    ) -> None:
        """Counts the errors of one conversation."""
        self._talks += 1
        self._seconds += len(talk.samples) / SAMPLE_RATE
        self._processor += processor
        words = [word for segment in segments for word in segment.words]
        for name, rules in CLEANUPS.items():
            turns = clean(raw, words, rules).turns
            found = diarization_errors(talk.turns, turns)
            if talk.texts is not None:
                found += cp_word_errors(talk.texts, attributed(segments, turns, _LANGUAGE))
                by_time = cp_word_errors(talk.texts, _by_time(segments, turns))
                found += Errors(wrong_by_time=by_time.wrong_words)
            self._errors[name] += found

    def __str__(self) -> str:
        return " ".join(f"{100 * each.wrong / each.spoken:.1f}" for each in self._errors.values())

    def figures(self) -> dict[str, Any]:
        """Rates as shares, and counts."""
        return {
            "talks": self._talks,
            "minutes": self._seconds / 60,
            "processor": self._processor,
            "cleanups": {name: each.figures() for name, each in self._errors.items()},
        }


def _by_time(segments: Sequence[Segment], turns: Sequence[SpeakerTurn]) -> list[Segment]:
    """Each word by itself, with who speaks for most of it."""
    if not turns:
        return list(segments)
    speakers = WordSpeakers(turns)
    return [
        Segment(
            id=0,
            start=word.start,
            end=word.end,
            text=word.word,
            words=[word],
            speaker=speakers.between(word.start, word.end),
        )
        for segment in segments
        for word in segment.words
    ]
