"""Which diarizer goes with an engine."""

from importlib.util import find_spec

import pytest

from spotscribe_common.errors import ModelMissingError
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer

LAPTOP = Settings(whisper_engine="faster-whisper")


@pytest.mark.skipif(find_spec("pyannote") is not None, reason="its packages are installed")
def test_a_laptop_without_the_packages_says_what_to_install() -> None:
    with pytest.raises(ModelMissingError, match=r"Install docker/whisper/requirements\.production\.txt"):
        make_diarizer(LAPTOP).load()


@pytest.mark.production
def test_a_laptop_with_the_packages_has_the_diarizer_of_gpus() -> None:
    assert isinstance(make_diarizer(LAPTOP), PyannoteDiarizer)


def test_gpus_have_a_diarizer() -> None:
    assert isinstance(make_diarizer(Settings(whisper_engine="whisperx")), PyannoteDiarizer)
