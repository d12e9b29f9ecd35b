"""Steps of the work on speech, which show that it gets on."""

from pathlib import Path

import pytest

from spotscribe_audio.audio.pcm import Pcm, as_float
from spotscribe_audio.speech.recogniser import Recogniser
from spotscribe_audio.speech.windows import frame_energies
from spotscribe_common.work.liveness import Liveness
from spotscribe_testing.media import samples_of
from spotscribe_testing.places import SAMPLE


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each mark that is left from here on."""
    left: list[int] = []
    monkeypatch.setattr(Liveness, "mark", lambda _: left.append(1))
    return left


def test_each_minute_that_is_read_and_each_segment_that_is_heard_is_a_step(
    tmp_path: Path, marks: list[int]
) -> None:
    (tmp_path / "pcm").write_bytes(bytes(2 * 16_000 * 150))
    recogniser = Recogniser()
    recogniser.load()
    with (tmp_path / "pcm").open("rb") as file, Liveness().working():
        before = len(marks)
        frame_energies(Pcm(file))
        assert len(marks) == before + 3
        # The search for speech, and three segments at least.
        recogniser.recognise(as_float(samples_of(SAMPLE)), lambda: False)
        assert len(marks) >= before + 3 + 4
