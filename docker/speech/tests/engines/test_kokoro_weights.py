"""The engine `kokoro` with its real weights and voices."""

import numpy as np
import pytest

from spotscribe_speech.engines.kokoro.engine import KokoroEngine
from spotscribe_testing.models.kokoro_weights import kokoro_weights

pytestmark = pytest.mark.production
RATE = 24_000


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> KokoroEngine:
    made = KokoroEngine(kokoro_weights(tmp_path_factory.mktemp("models") / "kokoro-82m"), "kokoro-82m")
    made.load()
    return made


def test_all_english_voices_and_all_of_openais_names_are_there(engine: KokoroEngine) -> None:
    assert len(engine.voices) == 28
    assert engine.voices[0].id == "af_heart"
    assert len(engine.aliases) == 13


def test_a_sentence_is_speech(engine: KokoroEngine) -> None:
    samples = engine.speak("The quick brown fox jumps.", engine.voices[0], "en", 1.0)
    assert 1 < samples.size / RATE < 3
    # Neither silence nor noise: the loudest tenth of a second is far above the mean.
    levels = np.abs(samples[: samples.size // 2400 * 2400]).reshape(-1, 2400).mean(axis=1)
    assert levels.max() > 0.02
    assert levels.max() > 1.5 * levels.mean()


def test_speed_is_a_factor(engine: KokoroEngine) -> None:
    normal, fast = (engine.speak("One, two, three.", engine.voices[0], "en", speed) for speed in (1.0, 2.0))
    assert fast.size == pytest.approx(normal.size / 2, rel=0.3)


def test_voices_differ(engine: KokoroEngine) -> None:
    man = next(voice for voice in engine.voices if voice.id == "am_adam")
    one, other = (engine.speak("Hello.", voice, "en", 1.0) for voice in (engine.voices[0], man))
    shorter = min(one.size, other.size)
    assert not np.allclose(one[:shorter], other[:shorter], atol=0.01)
