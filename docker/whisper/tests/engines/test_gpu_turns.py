"""The production engine and diarizer hold the GPU's priority while their networks compute, and not otherwise.

Run with `-m production` where requirements.production.txt is installed.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_testing.places import SAMPLE
from spotscribe_whisper.engines.engine import Hearing
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.speakers.diarizer import SpeakerCount
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import COMMUNITY

pytestmark = pytest.mark.production
SENTENCE = "Take 250 milligrams now. Then rest."


class Watched(GpuPriority):
    """Knows how often it was held, and whether it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.depth = self.turns = 0

    @contextmanager
    def first(self) -> Iterator[None]:
        with super().first():
            self.turns += 1
            self.depth += 1
            yield
            self.depth -= 1


@pytest.fixture
def pcm(tmp_path: Path) -> Iterator[Pcm]:
    with SAMPLE.open("rb") as file:
        found = asyncio.run(decode(file, max_seconds=60, scratch=tmp_path))
    yield found
    found.close()


def watch(monkeypatch: pytest.MonkeyPatch, of: Any, name: str, note: Callable[[], None]) -> None:
    inner = getattr(of, name)

    def noted(*arguments: Any, **options: Any) -> Any:
        note()
        return inner(*arguments, **options)

    monkeypatch.setattr(of, name, noted)


def test_recognition_and_alignment_go_first_and_what_python_does_between_them_does_not(
    pcm: Pcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import whisperx.alignment

    from spotscribe_testing.models.tiny_aligner import tiny_aligner
    from spotscribe_testing.models.tiny_whisper import scripted_whisper

    scripted_whisper(tmp_path / "tiny", SENTENCE)
    tiny_aligner(tmp_path / "align-en")
    priority = Watched(tmp_path / "gpu")
    engine = WhisperxEngine(
        models=tmp_path, model="tiny", compute_type="auto", scratch=tmp_path, gpu_priority=priority
    )
    engine.load()
    held: dict[str, list[int]] = {
        "search": [],
        "encode": [],
        "generate": [],
        "locate": [],
        "align": [],
        "path": [],
    }
    search = engine._detector.vad_pipeline._segmentation.model
    watch(monkeypatch, search, "forward", lambda: held["search"].append(priority.depth))

    class Model:
        """Cannot be patched: its class is ctranslate2's own."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            step = "locate" if name == "align" else name
            if step in held:
                held[step].append(priority.depth)
            return getattr(self.inner, name)

    engine._model.model._model = Model(engine._model.model._model)
    aligner, _ = engine._aligner._model_of("en")
    watch(monkeypatch, aligner, "forward", lambda: held["align"].append(priority.depth))
    watch(monkeypatch, whisperx.alignment, "get_trellis", lambda: held["path"].append(priority.depth))
    heard = engine.hear(pcm.read(0, pcm.duration), Hearing("en"), lambda: False)
    assert " ".join(segment.text for segment in heard.segments) == SENTENCE
    assert {name: set(depths) for name, depths in held.items()} == {
        "search": {1}, "encode": {1}, "generate": {1}, "locate": {1}, "align": {1}, "path": {0},
    }  # fmt: skip
    assert priority.depth == 0


def test_the_diarizers_networks_go_first_and_its_clustering_does_not(
    pcm: Pcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spotscribe_testing.models.tiny_pyannote import tiny_pyannote

    tiny_pyannote(tmp_path / "diarization")
    priority = Watched(tmp_path / "gpu")
    diarizer = PyannoteDiarizer(models=tmp_path, scratch=tmp_path, choices=[COMMUNITY], gpu_priority=priority)
    diarizer.load()
    pipeline = diarizer._pipeline
    held: list[int] = []
    for network in (pipeline._segmentation.model, pipeline._embedding.model_):
        watch(monkeypatch, network, "forward", lambda: held.append(priority.depth))
    free: list[int] = []
    watch(monkeypatch, type(pipeline.clustering), "__call__", lambda: free.append(priority.depth))
    diarizer.diarize(pcm, SpeakerCount(), lambda _: None, lambda: False)
    assert set(held) == {1}
    assert len(held) == priority.turns >= 2
    assert set(free) == {0}


def test_a_network_that_fails_leaves_the_turn(tmp_path: Path) -> None:
    import torch

    from spotscribe_whisper.engines.gpu_turns import go_first

    class Failing(torch.nn.Module):
        def forward(self, fails: bool) -> None:
            if fails:
                raise MemoryError

    priority = Watched(tmp_path / "gpu")
    network = Failing()
    go_first(network, priority)
    for _ in range(2):
        with pytest.raises(MemoryError):
            network(True)
        GpuPriority(tmp_path / "gpu").give_way(lambda: False)
        network(False)
    assert priority.turns == 4
