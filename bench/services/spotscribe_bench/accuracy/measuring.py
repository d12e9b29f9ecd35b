"""Measures the accuracy of the service beside bare libraries, set by set."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy.cache import Cache
from spotscribe_bench.accuracy.recordings import recordings, speech_folder
from spotscribe_bench.accuracy.results import Results
from spotscribe_bench.accuracy.sets import Clip, chosen_sets, clips
from spotscribe_bench.accuracy.systems import BASELINES, SERVICE, Baselines, Heard, heard_by
from spotscribe_bench.audio import write_wav
from spotscribe_bench.report import Report
from spotscribe_bench.service import Service, loaded_service

_MODEL = "tiny.en"
# How often progress is reported, in clips.
_EVERY = 20


def measure(folder: Path, report: Report) -> None:
    """Reports errors, invented words, processor seconds and errors of word starts.

    `BENCH_SETS` names the sets to measure, `BENCH_CACHE` a folder in which results of the baselines are kept,
    and `BENCH_DETAILS` a file that receives every transcript.
    """
    wanted = chosen_sets()
    spoken = recordings(speech_folder())
    model = folder / "models" / _MODEL
    link_packaged(_MODEL, model)
    (folder / "shared").mkdir()
    kept = os.environ.get("BENCH_CACHE")
    cache = Cache(Path(kept) if kept else None, model)
    results = Results()
    report.say("loading the service")
    with loaded_service("spotscribe_whisper", folder, "service", WHISPER_MODEL=_MODEL) as (url, pid):
        service = Service(url, pid, folder / "shared", folder / "service-scratch")
        measuring = _Measuring(service, Baselines(model), cache)
        for name in wanted:
            report.say(f"{name}: making its audio")
            made = clips(name, spoken)
            for number, clip in enumerate(made, 1):
                results.add(clip, measuring.heard(clip))
                if number % _EVERY == 0 or number == len(made):
                    report.say(f"{name}: {number}/{len(made)}, {results.summary(name)}")
    report.say("finding the reference's word starts")
    report.measured(results.measured(spoken))


class _Measuring:
    """Transcribes clips with all systems.

    Args:
        service: running.
        baselines: in this process.
        cache: of the baselines' results.
    """

    def __init__(self, service: Service, baselines: Baselines, cache: Cache) -> None:
        self._service = service
        self._baselines = baselines
        self._cache = cache
        self._warm = False

    def heard(self, clip: Clip) -> dict[str, Heard]:
        """What each system has heard."""
        file = self._service.shared / "clip.wav"
        write_wav(file, clip.samples)
        if not self._warm:
            # The first request starts threads and fills caches.
            heard_by(self._service, file.name)
            self._warm = True
        found = {SERVICE: heard_by(self._service, file.name)}
        for system in BASELINES:
            hear = partial(self._baselines.hear, system, file)
            found[system] = self._cache.heard(system, clip.samples, hear)
        _detail(clip, found)
        return found


def _detail(clip: Clip, found: dict[str, Heard]) -> None:
    """Appends to the file that `BENCH_DETAILS` names."""
    name = os.environ.get("BENCH_DETAILS")
    if not name:
        return
    with Path(name).open("a") as lines:
        for system, heard in found.items():
            line: dict[str, Any] = {
                "set": clip.set,
                "recording": clip.name,
                "system": system,
                "reference": clip.text,
                **heard._asdict(),
            }
            lines.write(f"{json.dumps(line)}\n")
