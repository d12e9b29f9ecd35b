"""Which diarizer goes with an engine."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.errors import ModelMissingError
from spotscribe_testing.media import samples_of
from spotscribe_testing.places import ROOT
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer
from spotscribe_whisper.speakers.diarizer import SpeakerCount
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer


def laptop(folder: Path) -> Settings:
    return Settings(whisper_engine="faster-whisper", model_dir=folder / "models", tmpdir=folder)


@pytest.mark.skipif(find_spec("pyannote") is not None, reason="its packages are installed")
def test_a_laptop_without_the_packages_says_what_to_install(tmp_path: Path) -> None:
    cure = r"--diarize, or install docker/whisper/requirements\.speakers\.txt"
    with pytest.raises(ModelMissingError, match=cure):
        make_diarizer(laptop(tmp_path)).load()


@pytest.mark.production
def test_a_laptop_with_the_packages_tells_the_demos_readers_apart(tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as raw:
        raw.write(samples_of(ROOT / "samples" / "two-readers.opus").tobytes())
        raw.flush()
        diarizer = make_diarizer(laptop(tmp_path))
        found = diarizer.diarize(Pcm(raw), SpeakerCount(), lambda _: None, lambda: False)
    assert found.engine == "campplus"
    assert len({turn.speaker for turn in found.turns}) == 2


@pytest.mark.production
def test_a_laptop_without_the_weights_names_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str, directory: Path) -> None:
        raise ModelMissingError(f"The package of {name} is not installed.")

    monkeypatch.setattr("spotscribe_whisper.speakers.link_packaged", gone)
    with pytest.raises(ModelMissingError, match="The package of diarization-open is not installed"):
        make_diarizer(laptop(tmp_path)).load()


def test_gpus_have_a_diarizer() -> None:
    assert isinstance(make_diarizer(Settings(whisper_engine="whisperx")), PyannoteDiarizer)
