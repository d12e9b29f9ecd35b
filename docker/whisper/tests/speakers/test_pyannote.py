"""Pyannote in the locked production environment, on the CPU, with a tiny pipeline whose voices are tones.

Run with `-m production` where requirements.production.txt is installed.
"""

import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_common.contract import SpeakerTurn
from spotscribe_common.errors import CancelledWorkError, ModelMissingError
from spotscribe_testing.models.tiny_pyannote import HIGH, LOW, MIDDLE, tiny_pyannote
from spotscribe_whisper.speakers.diarizer import Diarized, SpeakerCount
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import COMMUNITY
from spotscribe_whisper.speakers.recognition import recognised

pytestmark = pytest.mark.production
NOBODY = 0.0
# Decisions are smoothed over 0.3 s.
BLUR = 0.2
DIALOGUE = [
    (LOW, 4), (NOBODY, 1), (MIDDLE, 5), (NOBODY, 1), (HIGH, 6), (NOBODY, 2), (LOW, 5), (MIDDLE, 4), (HIGH, 3)
]  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    tiny_pyannote(directory / "diarization")
    return directory


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that were asked for. None may be: also where a library swallows the error."""
    asked: list[str] = []

    def refuse(*address: object) -> None:
        asked.append(repr(address))
        pytest.fail(f"a connection was tried: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


def pcm_of(samples: np.ndarray) -> Pcm:
    file = tempfile.TemporaryFile()  # noqa: SIM115, the audio owns it
    file.write(samples.astype(np.int16).tobytes())
    file.flush()
    return Pcm(file)


def speech(parts: list[tuple[float, float]]) -> Pcm:
    """One tone after the other, of so many Hz for so many seconds; 0 Hz is silence."""
    tones = [
        8000 * np.sin(2 * np.pi * hertz * np.arange(round(s * SAMPLE_RATE)) / SAMPLE_RATE)
        for hertz, s in parts
    ]
    return pcm_of(np.concatenate(tones))


def made(models: Path, scratch: Path, **options: Any) -> PyannoteDiarizer:
    diarizer = PyannoteDiarizer(models=models, scratch=scratch, **({"choices": [COMMUNITY]} | options))
    diarizer.load()
    return diarizer


def turns(diarizer: PyannoteDiarizer, pcm: Pcm, count: SpeakerCount | None = None) -> list[SpeakerTurn]:
    return list(diarized(diarizer, pcm, count).turns)


def diarized(diarizer: PyannoteDiarizer, pcm: Pcm, count: SpeakerCount | None = None) -> Diarized:
    return diarizer.diarize(pcm, count or SpeakerCount(), lambda _: None, lambda: False)


def check_turns(found: list[SpeakerTurn], parts: list[tuple[float, float]]) -> None:
    """Each part is told by one label, in order, at its times."""
    labels = {hertz: f"SPEAKER_{at:02d}" for at, hertz in enumerate(dict.fromkeys(h for h, _ in parts if h))}
    said, at = [], 0.0
    for hertz, seconds in parts:
        if hertz:
            said.append((at, at + seconds, labels[hertz]))
        at += seconds
    assert [turn.speaker for turn in found] == [speaker for _, _, speaker in said]
    for turn, (start, end, _) in zip(found, said, strict=True):
        assert turn.start == pytest.approx(start, abs=BLUR)
        assert turn.end == pytest.approx(end, abs=BLUR)


def test_voices_are_told_apart_and_known_again(models: Path, tmp_path: Path, no_network: list[str]) -> None:
    found = turns(made(models, tmp_path), speech(DIALOGUE))
    check_turns(found, DIALOGUE)
    assert no_network == []


def test_turns_ascend_without_overlap_within_the_audio(models: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pcm = pcm_of(rng.normal(0, 500, 40 * SAMPLE_RATE) * np.repeat(rng.uniform(0, 9, 80), SAMPLE_RATE // 2))
    found = turns(made(models, tmp_path), pcm)
    times = [time for turn in found for time in (turn.start, turn.end)]
    assert found
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= pcm.duration


@pytest.mark.parametrize(
    ("count", "speakers"),
    [
        (SpeakerCount(exact=1), 1),
        (SpeakerCount(exact=2), 2),
        (SpeakerCount(most=2), 2),
        (SpeakerCount(least=2, most=5), 3),
        (SpeakerCount(least=4), 4),
    ],
)
def test_the_number_of_speakers_is_the_callers(
    models: Path, tmp_path: Path, count: SpeakerCount, speakers: int
) -> None:
    assert len({turn.speaker for turn in turns(made(models, tmp_path), speech(DIALOGUE), count)}) == speakers


def test_more_speakers_than_pieces_of_speech_are_not_an_error(models: Path, tmp_path: Path) -> None:
    short = [(LOW, 6.0), (NOBODY, 0.5), (HIGH, 6.0)]
    assert turns(made(models, tmp_path), speech(short), SpeakerCount(exact=20))


@pytest.mark.parametrize("parts", [[(NOBODY, 30.0)], [(LOW, 0.01)]])
def test_where_nobody_speaks_there_is_no_turn(
    models: Path, tmp_path: Path, parts: list[tuple[float, float]]
) -> None:
    assert turns(made(models, tmp_path), speech(parts)) == []


def test_empty_audio_has_no_turns(models: Path, tmp_path: Path) -> None:
    assert turns(made(models, tmp_path), pcm_of(np.zeros(0))) == []


def test_long_audio_is_cut_into_sections_and_its_voices_are_known_again(models: Path, tmp_path: Path) -> None:
    pairs = [(LOW, MIDDLE), (LOW, MIDDLE), (HIGH, MIDDLE), (HIGH, MIDDLE), (HIGH, LOW), (HIGH, LOW)]
    parts = [part for pair in pairs for hertz in pair for part in ((hertz, 9.0), (NOBODY, 1.0))]
    check_turns(turns(made(models, tmp_path, section=60.0), speech(parts)), parts)


@pytest.mark.parametrize("section", [1800.0, 30.0])
def test_the_voice_of_a_short_recording_is_known_in_a_long_one(
    models: Path, tmp_path: Path, section: float
) -> None:
    """In pieces, too, where each has labels of its own."""
    pairs = [(LOW, MIDDLE), (MIDDLE, LOW), (HIGH, MIDDLE), (LOW, HIGH)]
    parts = [part for pair in pairs for hertz in pair for part in ((hertz, 9.0), (NOBODY, 1.0))]
    diarizer = made(models, tmp_path, section=section)
    found = diarized(diarizer, speech(parts))
    # Just above the least speech; most of a chunk; more than a chunk.
    clips = {"Hal": [(HIGH, 1.5)], "Lou": [(NOBODY, 1.0), (LOW, 5.0)], "Mia": [(MIDDLE, 25.0)]}
    known = {name: diarizer.voice(speech(clip)) for name, clip in clips.items()}
    assert all(voice is not None for voice in known.values())
    heard = {name: voice for name, voice in known.items() if voice is not None}
    by_name = recognised(found.voices, heard, found.distances.known)
    order = [by_name[label] for label in dict.fromkeys(turn.speaker for turn in found.turns)]
    assert order == ["Lou", "Mia", "Hal"]


@pytest.mark.parametrize(
    "parts", [[(NOBODY, 5.0)], [(LOW, 0.0001)], [(LOW, 0.5), (NOBODY, 3.0)], [(LOW, 0.0)], [(NOBODY, 0.1)]]
)
def test_too_little_speech_is_no_voice(
    models: Path, tmp_path: Path, parts: list[tuple[float, float]]
) -> None:
    assert made(models, tmp_path).voice(speech(parts)) is None


def test_a_voice_is_asked_for_with_the_devices_own_batches(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    voice = faked(tmp_path, pipeline).voice(pcm_of(np.full(4 * SAMPLE_RATE, 20_000)))
    assert voice is not None
    assert voice.tolist() == [1.0, 0.0]
    # Embeddings of two chunks, each with three speakers.
    assert pipeline.batches == [(4, 6)]
    assert pipeline.lengths == [12 * SAMPLE_RATE], "not whole repetitions up to a chunk"
    assert pipeline.bounds[0]["num_speakers"] == 1


def test_progress_rises_to_one(models: Path, tmp_path: Path) -> None:
    told: list[float] = []
    parts = [(LOW, 25.0), (NOBODY, 1.0), (HIGH, 25.0)]
    made(models, tmp_path, section=30.0).diarize(speech(parts), SpeakerCount(), told.append, lambda: False)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1
    assert len({round(done, 2) for done in told}) > 8


@pytest.mark.parametrize("asked", [0, 1, 9, 20])
def test_cancelling_ends_it_between_batches(models: Path, tmp_path: Path, asked: int) -> None:
    questions = iter(range(10_000))
    told: list[float] = []
    with pytest.raises(CancelledWorkError):
        made(models, tmp_path).diarize(
            speech([(LOW, 60)]), SpeakerCount(), told.append, lambda: next(questions) >= asked
        )
    assert len(told) == asked
    assert next(questions) == asked + 1


@pytest.fixture
def own(models: Path, tmp_path: Path) -> Path:
    shutil.copytree(models, tmp_path / "models")
    return tmp_path / "models"


FILES = [
    "config.yaml",
    "segmentation/pytorch_model.bin",
    "embedding/pytorch_model.bin",
    "plda/plda.npz",
    "plda/xvec_transform.npz",
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_empty_or_cut_off_is_named(own: Path, tmp_path: Path, name: str) -> None:
    file = own / "diarization" / name
    whole = file.read_bytes()
    for damaged, word in ((whole[: len(whole) // 2], "corrupt"), (b"", "empty"), (None, "missing")):
        if damaged is None:
            file.unlink()
        else:
            file.write_bytes(damaged)
        with pytest.raises(ModelMissingError, match=word) as caught:
            made(own, tmp_path)
        assert str(file) in caught.value.message


@pytest.mark.parametrize("name", FILES[1:])
def test_a_bit_that_flipped_is_found(own: Path, tmp_path: Path, name: str) -> None:
    file = own / "diarization" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(ModelMissingError, match="diarization"):
        made(own, tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"diarization/config\.yaml is missing"):
        made(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("segmentation: $model/segmentation", "segmentation: pyannote/segmentation-3.0"),
        ("embedding: $model/embedding", "embedding: pyannote/wespeaker-voxceleb-resnet34-LM"),
        ("embedding: $model/embedding", "embedding: $model/embedding@main"),
        ("embedding: $model/embedding", "embedding: $model/../embedding"),
        ("segmentation: $model/segmentation", "segmentation: {checkpoint: pyannote/segmentation-3.0}"),
        ("plda: $model/plda", ""),
    ],
)
def test_a_part_that_the_hub_would_be_asked_for_is_refused(
    own: Path, tmp_path: Path, before: str, after: str, no_network: list[str]
) -> None:
    config = own / "diarization" / "config.yaml"
    config.write_text(config.read_text().replace(f"    {before}\n", f"    {after}\n"))
    part = before.split(":", maxsplit=1)[0]
    with pytest.raises(ModelMissingError, match=f"{part}: \\$model/{part}"):
        made(own, tmp_path)
    assert no_network == []


def test_another_pipeline_is_refused(own: Path, tmp_path: Path) -> None:
    config = own / "diarization" / "config.yaml"
    config.write_text(config.read_text().replace("SpeakerDiarization", "VoiceActivityDetection"))
    with pytest.raises(ModelMissingError, match="VoiceActivityDetection"):
        made(own, tmp_path)


def test_nothing_is_reported_to_pyannotes_maker(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its switch is on unless told otherwise; the network's guard alone would not see its thread."""
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "true")
    from pyannote.audio.telemetry import metrics

    spans: list[str] = []
    monkeypatch.setattr(metrics.tracer, "start_as_current_span", spans.append)
    turns(made(models, tmp_path), speech([(LOW, 3)]))
    assert not metrics.is_metrics_enabled()
    assert spans == []


def test_loading_twice_loads_once(models: Path, tmp_path: Path) -> None:
    loaded: list[Path] = []

    def load(directory: Path, *_: object) -> object:
        loaded.append(directory)
        return object()

    diarizer = made(models, tmp_path, choices=[replace(COMMUNITY, load=load)])
    diarizer.load()
    assert loaded == [models / "diarization"]


class FakePipeline:
    """Called as pyannote's pipeline is; hears one voice throughout, told by the samples' loudness."""

    def __init__(self, fails: Callable[[int], Exception | None] = lambda _: None) -> None:
        self.device = SimpleNamespace(type="cpu")
        self.segmentation_batch_size = self.embedding_batch_size = 32
        specifications = SimpleNamespace(classes=["one", "other", "third"])
        self._segmentation = SimpleNamespace(model=SimpleNamespace(specifications=specifications))
        self.lengths: list[int] = []
        self.batches: list[tuple[int, int]] = []
        self.bounds: list[dict[str, int | None]] = []
        self.fails = fails

    def __call__(self, file: dict[str, Any], hook: Callable[..., None], **bounds: int | None) -> object:
        from pyannote.core import Annotation, Segment

        waveform = file["waveform"]
        assert waveform.ndim == 2
        self.lengths.append(waveform.shape[1])
        self.batches.append((self.segmentation_batch_size, self.embedding_batch_size))
        self.bounds.append(bounds)
        hook("segmentation", None, total=2, completed=1)
        error = self.fails(len(self.lengths))
        if error is not None:
            raise error
        hook("embeddings", None, total=2, completed=2)
        spoken = Annotation()
        spoken[Segment(0.5, waveform.shape[1] / SAMPLE_RATE + 3)] = "SPEAKER_00"
        loud = float(waveform.abs().max()) > 0.5
        return SimpleNamespace(
            speaker_diarization=spoken,
            exclusive_speaker_diarization=spoken,
            speaker_embeddings=np.array([[1.0, 0.0] if loud else [0.0, 1.0]]),
        )


def faked(tmp_path: Path, pipeline: FakePipeline, **options: Any) -> PyannoteDiarizer:
    return made(tmp_path, tmp_path, choices=[replace(COMMUNITY, load=lambda *_: pipeline)], **options)


def test_two_hours_are_read_in_sections(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pcm = pcm_of(np.zeros(2 * 3600 * SAMPLE_RATE, dtype=np.int16))
    found = turns(faked(tmp_path, pipeline), pcm)
    assert max(pipeline.lengths) <= 1800 * SAMPLE_RATE
    assert sum(pipeline.lengths) == pcm.samples
    assert len(pipeline.lengths) == len(found)


def test_speakers_keep_their_names_over_sections(tmp_path: Path) -> None:
    """Every section names its speaker SPEAKER_00."""
    levels = np.repeat([20_000, 100, 20_000, 100], 60 * SAMPLE_RATE)
    # A pause at the end of each minute, for the cuts.
    levels[np.arange(len(levels)) % (60 * SAMPLE_RATE) > 59 * SAMPLE_RATE] = 0
    found = turns(faked(tmp_path, FakePipeline(), section=60.5), pcm_of(levels))
    assert [turn.speaker for turn in found] == ["SPEAKER_00", "SPEAKER_01"] * 2
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert found[-1].end == pytest.approx(240)


def test_a_section_is_bounded_by_the_greatest_number_alone(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pcm = pcm_of(np.full(90 * SAMPLE_RATE, 100))
    turns(faked(tmp_path, pipeline, section=60.0), pcm, SpeakerCount(exact=3))
    turns(faked(tmp_path, pipeline), pcm, SpeakerCount(least=2, most=4))
    alone = {"num_speakers": None, "min_speakers": None, "max_speakers": 3}
    assert pipeline.bounds == [alone, alone, {"num_speakers": None, "min_speakers": 2, "max_speakers": 4}]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 9.50 GiB"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        MemoryError("batch_size (16) is probably too large."),
    ],
)
def test_out_of_memory_is_tried_again_with_half_the_batches(tmp_path: Path, error: Exception) -> None:
    pipeline = FakePipeline(lambda call: error if call == 1 else None)
    told: list[float] = []
    diarizer = faked(tmp_path, pipeline)
    pcm = pcm_of(np.full(9 * SAMPLE_RATE, 99))
    found = diarizer.diarize(pcm, SpeakerCount(), told.append, lambda: False)
    assert len(found.turns) == 1
    (before, after) = pipeline.batches
    # Whole chunks, of which each may hold three speakers.
    assert before == (4, 6)
    assert after == (before[0] // 2, before[1] // 2)
    assert told == sorted(told)
    turns(diarizer, pcm_of(np.full(9 * SAMPLE_RATE, 99)))
    assert pipeline.batches[-1] == before


def test_out_of_memory_twice_comes_out(tmp_path: Path) -> None:
    pipeline = FakePipeline(lambda _: RuntimeError("CUDA out of memory."))
    with pytest.raises(RuntimeError, match="out of memory"):
        turns(faked(tmp_path, pipeline), pcm_of(np.full(9 * SAMPLE_RATE, 99)))
    assert len(pipeline.batches) == 2


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), ValueError("broken")])
def test_another_error_comes_out_at_once(tmp_path: Path, error: Exception) -> None:
    pipeline = FakePipeline(lambda _: error)
    with pytest.raises(type(error)):
        turns(faked(tmp_path, pipeline), pcm_of(np.full(9 * SAMPLE_RATE, 99)))
    assert len(pipeline.batches) == 1
