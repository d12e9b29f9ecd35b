"""The diarizer that needs no token, with its real weights and human voices.

Run with `-m production` where requirements.production.txt and requirements.weights.txt are installed.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm, Samples
from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy.recordings import COMMITTED, Recording, recordings
from spotscribe_bench.accuracy.talks import Talk, talk
from spotscribe_common.errors import CancelledWorkError, ModelMissingError
from spotscribe_testing.models.tiny_pyannote import tiny_pyannote
from spotscribe_testing.speakers.speaker_error import speaker_error
from spotscribe_whisper.speakers.diarizer import Diarized, SpeakerCount
from spotscribe_whisper.speakers.open_weights.loading import EMBEDDING, OPEN, SEGMENTATION, load_open_pipeline
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import COMMUNITY
from spotscribe_whisper.speakers.recognition import recognised

pytestmark = pytest.mark.production
LINDA, JANE, WILL = "ljspeech/LJ", "librivox-austen/austen", "sonnets/sonnet"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    link_packaged(OPEN.model, models / OPEN.model)
    return models


@pytest.fixture(scope="module")
def diarizer(models: Path) -> PyannoteDiarizer:
    made = PyannoteDiarizer(models=models, scratch=models, choices=[COMMUNITY, OPEN])
    made.load()
    return made


@pytest.fixture(scope="module")
def said() -> dict[str, list[Recording]]:
    """The recordings of each reader."""
    found: dict[str, list[Recording]] = {LINDA: [], JANE: [], WILL: []}
    for each in recordings(COMMITTED):
        found[each.speaker].append(each)
    return found


@pytest.fixture(scope="module")
def conversation(said: dict[str, list[Recording]]) -> Talk:
    parts = zip(said[LINDA][:3], said[JANE][:3], strict=True)
    return talk("two readers", [each for pair in parts for each in pair], np.random.default_rng(3))


def pcm_of(samples: Samples) -> Pcm:
    file = TemporaryFile()  # noqa: SIM115, the audio owns it
    file.write(samples.tobytes())
    file.flush()
    return Pcm(file)


def error_of(found: Diarized, truth: Talk) -> float:
    error = speaker_error(truth.turns, found.turns)
    return error.wrong / error.total


def test_two_readers_are_told_apart(diarizer: PyannoteDiarizer, conversation: Talk) -> None:
    told: list[float] = []
    found = diarizer.diarize(pcm_of(conversation.samples), SpeakerCount(), told.append, lambda: False)
    assert (found.engine, found.model) == ("campplus", "diarization-open")
    assert len(found.voices) == 2
    assert error_of(found, conversation) < 0.15
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


def test_readers_are_known_again_in_other_sections_and_by_recordings(
    models: Path, tmp_path: Path, conversation: Talk, said: dict[str, list[Recording]]
) -> None:
    diarizer = PyannoteDiarizer(models=models, scratch=tmp_path, choices=[OPEN], section=30.0)
    found = diarizer.diarize(pcm_of(conversation.samples), SpeakerCount(), lambda _: None, lambda: False)
    assert len(found.voices) == 2
    assert error_of(found, conversation) < 0.15
    # Neither recording is in the conversation; the third reader is nowhere in it.
    will = said[WILL][0].samples[: 8 * SAMPLE_RATE]
    clips = {"Linda": said[LINDA][6].samples, "Will": will}
    known = {name: diarizer.voice(pcm_of(clip)) for name, clip in clips.items()}
    names = recognised(found.voices, {n: v for n, v in known.items() if v is not None}, found.distances.known)
    truth = speaker_error(conversation.turns, found.turns).together
    assert all(voice is not None for voice in known.values())
    assert list(names.values()) == ["Linda"]
    (label,) = names
    assert truth[label, LINDA] > truth.get((label, JANE), 0)


def test_cancelling_ends_it_between_batches(diarizer: PyannoteDiarizer, conversation: Talk) -> None:
    asked = iter(range(10_000))
    with pytest.raises(CancelledWorkError):
        diarizer.diarize(
            pcm_of(conversation.samples), SpeakerCount(), lambda _: None, lambda: next(asked) >= 4
        )
    assert next(asked) == 5


@pytest.fixture(scope="module")
def network(diarizer: PyannoteDiarizer) -> Any:
    return diarizer._pipeline._embedding.model_


def embedded(network: Any, *waveforms: Samples, masks: Any = None) -> np.ndarray:
    import torch

    batch = torch.stack([torch.from_numpy(each / np.float32(32768))[None] for each in waveforms])
    with torch.inference_mode():
        return network(batch, weights=masks).numpy()


def test_a_voice_is_that_of_the_frames_in_which_it_speaks(
    network: Any, said: dict[str, list[Recording]]
) -> None:
    """Also in a batch, where a chunk comes once for each speaker."""
    import torch

    half = 3 * SAMPLE_RATE
    chunk = np.concatenate([said[LINDA][0].samples[:half], said[WILL][0].samples[half : 2 * half]])
    masks = torch.zeros(4, 600)
    masks[0, :300] = masks[1, 300:] = masks[3, 100:103] = 1
    found = embedded(network, *[chunk] * 4, masks=masks)
    alone = embedded(network, chunk[:half])[0], embedded(network, chunk[half:])[0]
    for voice, own in zip(found[:2], alone, strict=True):
        assert cosine(voice, own) > 0.98
    assert cosine(*alone) < 0.5
    assert np.isnan(found[2]).all(), "somebody who is silent has no voice"
    assert np.isfinite(found[3]).all(), "what is short is widened"


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_memory_and_results_do_not_depend_on_the_batch(
    network: Any, said: dict[str, list[Recording]]
) -> None:
    first, second = (each.samples[: 4 * SAMPLE_RATE] for each in (said[LINDA][0], said[WILL][0]))
    sizes: list[int] = []
    watch = network.network.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    together = embedded(network, first, second)
    watch.remove()
    assert sizes == [1, 1]
    assert together[1] == pytest.approx(embedded(network, second)[0], abs=1e-4)


def test_too_short_a_voice_is_refused(network: Any) -> None:
    with pytest.raises(ValueError, match="3440 samples at least; got 3439"):
        embedded(network, np.ones(3439, dtype=np.int16))


def test_the_community_pipeline_is_preferred_where_it_is_there(models: Path, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(models, own, symlinks=True)
    tiny_pyannote(own / COMMUNITY.model)
    diarizer = PyannoteDiarizer(models=own, scratch=tmp_path, choices=[COMMUNITY, OPEN])
    diarizer.load()
    empty = pcm_of(np.zeros(0, dtype=np.int16))
    found = diarizer.diarize(empty, SpeakerCount(), lambda _: None, lambda: False)
    assert (found.engine, found.model, diarizer.model) == ("pyannote", "diarization", "diarization")
    assert found.distances == COMMUNITY.distances


@pytest.mark.parametrize("name", [SEGMENTATION, EMBEDDING])
def test_a_file_that_is_missing_empty_or_cut_off_is_named(models: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(models / OPEN.model, tmp_path / "model")
    file = tmp_path / "model" / name
    whole = file.read_bytes()
    for damaged, word in ((whole[: len(whole) // 2], "corrupt"), (b"", "empty"), (None, "missing")):
        file.unlink()
        if damaged is not None:
            file.write_bytes(damaged)
        with pytest.raises(ModelMissingError, match=word) as caught:
            load_open_pipeline(tmp_path / "model", tmp_path)
        assert str(file) in caught.value.message
        file.touch()


def test_without_any_model_the_one_that_needs_no_token_is_missing(tmp_path: Path) -> None:
    diarizer = PyannoteDiarizer(models=tmp_path, scratch=tmp_path, choices=[COMMUNITY, OPEN])
    with pytest.raises(ModelMissingError, match="diarization-open"):
        diarizer.load()


class Runs:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._file,)


@pytest.mark.parametrize("name", [SEGMENTATION, EMBEDDING])
def test_code_in_a_file_is_not_run(models: Path, tmp_path: Path, name: str) -> None:
    import torch

    shutil.copytree(models / OPEN.model, tmp_path / "model")
    torch.save({"state_dict": Runs(tmp_path / "run")}, tmp_path / "model" / name)
    with pytest.raises(ModelMissingError, match="cannot be loaded"):
        load_open_pipeline(tmp_path / "model", tmp_path)
    assert not (tmp_path / "run").exists()
