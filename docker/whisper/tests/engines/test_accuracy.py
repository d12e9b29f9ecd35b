"""The word errors of the production engine with Whisper tiny.en, on recordings of human speech.

Run with `-m production` where requirements.production.txt and requirements.weights.txt are installed.
`npm run bench -- accuracy` measures more, beside bare libraries.
"""

from typing import NamedTuple

import numpy as np
import pytest

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy import scoring, spoiling
from spotscribe_bench.accuracy.recordings import COMMITTED, Recording, recordings
from spotscribe_bench.accuracy.sets import NO_SPEECH, Clip, clips
from spotscribe_whisper.engines.engine import Hearing
from spotscribe_whisper.engines.whisperx import WhisperxEngine

pytestmark = pytest.mark.production
ENGLISH = Hearing("en")


class Measured(NamedTuple):
    """Word errors when this was written, and the upper end of their 95 % bootstrap interval."""

    errors: int
    most: int


MEASURED = {
    "plain": Measured(22, 38),
    "joined": Measured(20, 31),
    "joined, telephone": Measured(27, 43),
    "joined, noise": Measured(67, 78),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> WhisperxEngine:
    folder = tmp_path_factory.mktemp("accuracy")
    link_packaged("tiny.en", folder / "models" / "tiny.en")
    made = WhisperxEngine(
        models=folder / "models", model="tiny.en", compute_type="auto", scratch=folder / "scratch"
    )
    made.load()
    return made


@pytest.fixture(scope="module")
def spoken() -> list[Recording]:
    return recordings(COMMITTED)


def audio(name: str, spoken: list[Recording]) -> list[Clip]:
    """The clips of a set. A long file takes less time than its recordings one by one."""
    made = clips(name.partition(",")[0], spoken)
    babble = [each.samples for each in spoken[:4]]
    if name == "joined, telephone":
        return [clip._replace(samples=spoiling.telephone(clip.samples)) for clip in made]
    if name == "joined, noise":
        random = np.random.default_rng(1)
        return [clip._replace(samples=spoiling.noise(clip.samples, babble, random)) for clip in made]
    return made


def heard(engine: WhisperxEngine, clip: Clip) -> str:
    found = engine.hear(clip.samples, ENGLISH, lambda: False)
    return scoring.normal(" ".join(segment.text for segment in found.segments))


@pytest.mark.parametrize("name", MEASURED)
def test_no_more_words_are_wrong_than_when_this_was_measured(
    name: str, engine: WhisperxEngine, spoken: list[Recording]
) -> None:
    counted = scoring.blocks(
        [scoring.counts(scoring.normal(clip.text), heard(engine, clip)) for clip in audio(name, spoken)]
    )
    errors, words = int(scoring.errors(counted).sum()), int(counted[:, 0].sum())
    print(f"{errors} of {words} words, at most {scoring.word_error_rate(counted).high * words:.0f}")
    assert errors <= MEASURED[name].most


def test_no_words_are_heard_where_nothing_is_said(engine: WhisperxEngine, spoken: list[Recording]) -> None:
    invented = {clip.name: words for clip in clips(NO_SPEECH, spoken) if (words := heard(engine, clip))}
    assert invented == {}
