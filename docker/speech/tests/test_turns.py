"""Sentences of requests and jobs in the models' thread."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from spotscribe_common.errors import InvalidRequestError, StoppingError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.service import SpeechService
from spotscribe_speech.settings import Settings
from spotscribe_speech.text.plan import Sentence
from spotscribe_testing.models.scripted_speech import RATE, ScriptedSpeech


@pytest.fixture
async def service(settings: Settings, speaker: ScriptedSpeech) -> SpeechService:
    made = SpeechService(settings, speaker)
    await made.load()
    return made


def said(service: SpeechService, text: str, *, patient: bool = False) -> "asyncio.Task[Samples]":
    sentence = Sentence(text, 0.0, 1.0, len(text))
    voice, language = service.voice(None, None)
    return asyncio.ensure_future(service.speak(sentence, voice, language, 1.0, is_patient=patient))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def test_requests_go_before_jobs(service: SpeechService, speaker: ScriptedSpeech) -> None:
    speaker.go.clear()
    first = said(service, "first")
    await until(lambda: len(speaker.spoken) == 1)
    jobs = [said(service, f"job {number}", patient=True) for number in range(3)]
    urgent = [said(service, f"urgent {number}") for number in range(3)]
    await asyncio.sleep(0)
    speaker.go.set()
    await asyncio.gather(first, *jobs, *urgent)
    assert [text for text, _ in speaker.spoken] == [
        "first", "urgent 0", "urgent 1", "urgent 2", "job 0", "job 1", "job 2",
    ]  # fmt: skip


async def test_a_job_advances_beside_requests_without_end(
    service: SpeechService, speaker: ScriptedSpeech
) -> None:
    speaker.go.clear()
    urgent = [said(service, f"urgent {number}") for number in range(20)]
    job = said(service, "job", patient=True)
    await until(lambda: len(speaker.spoken) == 1)
    speaker.go.set()
    await asyncio.gather(job, *urgent)
    assert [text for text, _ in speaker.spoken].index("job") == 8


async def test_nobody_speaks_for_a_caller_who_has_left(
    service: SpeechService, speaker: ScriptedSpeech
) -> None:
    speaker.go.clear()
    first, left, last = said(service, "first"), said(service, "left"), said(service, "last")
    await until(lambda: len(speaker.spoken) == 1)
    left.cancel()
    speaker.go.set()
    await asyncio.gather(first, last)
    assert [text for text, _ in speaker.spoken] == ["first", "last"]


async def test_a_caller_who_leaves_does_not_overtake(service: SpeechService, speaker: ScriptedSpeech) -> None:
    """The one who comes next waits until the thread is free."""
    speaker.go.clear()
    first = said(service, "first")
    await until(lambda: len(speaker.spoken) == 1)
    first.cancel()
    second = said(service, "second")
    await asyncio.sleep(0.05)
    assert [text for text, _ in speaker.spoken] == ["first"]
    speaker.go.set()
    assert (await second).size > 0


async def test_what_waits_can_be_given_up(service: SpeechService, speaker: ScriptedSpeech) -> None:
    speaker.go.clear()
    waiting = [said(service, "first"), said(service, "second"), said(service, "third", patient=True)]
    await until(lambda: len(speaker.spoken) == 1)
    service._turns.fail(StoppingError("stuck"))
    for each in waiting:
        with pytest.raises(StoppingError):
            await each
    speaker.go.set()


async def test_a_pause_needs_no_engine(service: SpeechService, speaker: ScriptedSpeech) -> None:
    voice, language = service.voice(None, None)
    samples = await service.speak(Sentence("", 0.5, 1.0, 0), voice, language, 1.0, is_patient=False)
    assert samples.size == RATE // 2
    assert not np.any(samples)
    assert speaker.spoken == []


@pytest.mark.parametrize(("rate", "speed", "pace"), [(1.5, 2.0, 3.0), (4.0, 4.0, 4.0), (0.25, 0.25, 0.25)])
async def test_the_speeds_multiply_within_the_limits(
    service: SpeechService, speaker: ScriptedSpeech, rate: float, speed: float, pace: float
) -> None:
    voice, language = service.voice(None, None)
    samples = await service.speak(
        Sentence("ten.......", 0.2, rate, 10), voice, language, speed, is_patient=True
    )
    assert speaker.spoken == [("ten.......", pace)]
    assert samples.size == pytest.approx(RATE * (1 / pace + 0.2), abs=RATE * 0.02)


def test_a_voice_is_found_by_name_alias_and_language(settings: Settings, speaker: ScriptedSpeech) -> None:
    service = SpeechService(settings, speaker)
    first, second = speaker.voices
    assert service.voice(None, None) == (first, "en")
    assert service.voice("SECOND", None) == (second, "fr")
    assert service.voice("alloy", "de_DE") == (first, "de")
    assert service.voice("alloy", "FR") == (second, "fr")
    assert service.voice(None, "fr") == (second, "fr")
    with pytest.raises(InvalidRequestError, match="Known: first, second, alloy"):
        service.voice("third", None)
    with pytest.raises(InvalidRequestError, match="'second' does not speak the language 'en'"):
        service.voice("second", "en")
    with pytest.raises(InvalidRequestError, match="It speaks de, en, fr"):
        service.voice(None, "xx")
