"""Which names a request may use for the loaded model."""

from typing import get_args

import pytest
from openai.types import AudioModel

from spotscribe_common.errors import ModelNotFoundError
from spotscribe_whisper.model_names import ALIASES, check_model


def test_every_name_that_openais_client_knows_is_accepted() -> None:
    assert set(ALIASES) == set(get_args(AudioModel))


@pytest.mark.parametrize(
    "name", [*ALIASES, None, "large-v3", "openai/whisper-large-v3", "Systran/faster-whisper-large-v3"]
)
def test_a_name_of_the_loaded_model_is_accepted(name: str | None) -> None:
    check_model(name, "large-v3")


@pytest.mark.parametrize("name", ["large-v2", "whisper-2", "turbo", "large-v3/x"])
def test_a_name_of_another_model_is_refused(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match="large-v3"):
        check_model(name, "large-v3")
