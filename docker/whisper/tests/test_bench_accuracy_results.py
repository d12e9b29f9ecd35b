"""What the benchmark of accuracy keeps, and reports: needs the production environment's packages."""

from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_bench.accuracy.cache import Cache
from spotscribe_bench.accuracy.results import Results
from spotscribe_bench.accuracy.sets import NO_SPEECH, Clip
from spotscribe_bench.accuracy.systems import BATCHED, SEQUENTIAL, SERVICE, SYSTEMS, WHISPERX, Heard

pytestmark = pytest.mark.production
SAMPLES = np.zeros(30 * SAMPLE_RATE, dtype=np.int16)


def said(text: str, processor: float = 1.0) -> Heard:
    return Heard(text, processor, [], [])


def by_all(**texts: str) -> dict[str, Heard]:
    return {system: said(texts.get(system, texts["others"])) for system in SYSTEMS}


def test_results_are_kept_by_system_model_and_samples(tmp_path: Path) -> None:
    asked: list[str] = []

    def hear(name: str) -> Heard:
        asked.append(name)
        return Heard(name, 1.5, [{"start": 0.5, "end": 1, "text": name}], [])

    def cached(model: bytes = b"model", folder: Path | None = tmp_path / "cache") -> Cache:
        (tmp_path / "model.bin").write_bytes(model)
        return Cache(folder, tmp_path)

    first = cached().heard(WHISPERX, SAMPLES, lambda: hear("first"))
    assert cached().heard(WHISPERX, SAMPLES, lambda: hear("again")) == first
    cached().heard(BATCHED, SAMPLES, lambda: hear("system"))
    cached().heard(WHISPERX, SAMPLES[1:], lambda: hear("samples"))
    cached(model=b"other").heard(WHISPERX, SAMPLES, lambda: hear("model"))
    cached(folder=None).heard(WHISPERX, SAMPLES, lambda: hear("not kept"))
    assert asked == ["first", "system", "samples", "model", "not kept"]


def test_errors_inventions_and_processor_times_are_summed() -> None:
    results = Results()
    text = "She sells 3 sea shells."
    results.add(
        Clip("plain", "one", "few", SAMPLES, text),
        by_all(
            others="she sells three sea shells", service="she sells sea shells", whisperx="he sells 3 shells"
        ),
    )
    results.add(Clip("fast", "one", "few", SAMPLES, text), by_all(others=text, whisperx="she shells"))
    results.add(Clip(NO_SPEECH, "hum", "", SAMPLES, ""), by_all(others="Thank you.", service="[Music]"))
    found = results.measured([])
    plain, fast = found["sets"]
    assert (plain["name"], plain["words"], plain["clips"], plain["pooled"]) == ("plain", 5, 1, True)
    errors = {name: each["value"] for name, each in plain["systems"].items()}
    assert errors == {SERVICE: 0.2, WHISPERX: 0.4, SEQUENTIAL: 0.0, BATCHED: 0.0}
    assert (plain["systems"][SERVICE]["deletions"], plain["systems"][WHISPERX]["substitutions"]) == (1, 1)
    assert plain["difference"] == {"beside": SEQUENTIAL, "value": 0.2, "low": 0.2, "high": 0.2}
    assert fast["difference"]["value"] == 0
    assert found["saved"] == {"sets": ["fast"], "value": 1, "low": 1, "high": 1}
    assert found["invented"] == {
        "minutes": 0.5,
        "words": {SERVICE: 0, WHISPERX: 2, SEQUENTIAL: 2, BATCHED: 2},
    }
    assert found["processor"] == dict.fromkeys(SYSTEMS, 3.0)
    assert found["word_starts"] is None


def test_large_groups_have_lines_of_their_own() -> None:
    results = Results()
    for group, words in (("large", 600), ("small", 100), ("tiny", 10)):
        results.add(Clip("plain", group, group, SAMPLES, "word " * words), by_all(others="word " * words))
    lines = [(each["name"], each["words"], each["pooled"]) for each in results.measured([])["sets"]]
    assert lines == [
        ("plain", 710, True),
        ("plain, large", 600, False),
        ("plain, all other groups", 110, False),
    ]
