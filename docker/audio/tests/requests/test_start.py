"""Where a resumed transcription may begin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.transcribe_body import check_start
from spotscribe_common.errors import InvalidRequestError


@pytest.fixture
def almost_a_second(tmp_path: Path) -> Iterator[Pcm]:
    """Audio of 0.9999375 s: in milliseconds, a second."""
    path = tmp_path / "audio.pcm"
    path.write_bytes(bytes(2 * 15_999))
    with path.open("rb") as file:
        yield Pcm(file)


def test_the_end_that_the_last_window_told_can_be_begun_at(almost_a_second: Pcm) -> None:
    told = round(almost_a_second.duration, 3)
    assert told > almost_a_second.duration
    check_start(told, almost_a_second)


def test_a_start_behind_the_end_is_refused(almost_a_second: Pcm) -> None:
    with pytest.raises(InvalidRequestError, match=r"start_at is 1.1 s and the audio ends at"):
        check_start(1.1, almost_a_second)
