"""An analysis that was interrupted goes on with what it had found, and trusts nothing that it is sent."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_audio.audio.pcm import BYTES_PER_SECOND, Pcm
from spotscribe_common.contract import AnalysisCheckpoint, AnalyzeEvent, AnalyzeRequest
from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral, known, texts, wanted
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_voxtral.analysis.analysis import AnalysisOrder, RecordingAnalysis
from spotscribe_voxtral.engines.engine import Capacity, Message

ASKED = AnalyzeRequest(path="x", tasks=["summary", "sentiment"])
Json = dict[str, Any]
UNFITTING: dict[str, Callable[[Json], Json]] = {
    "another model": lambda found: {**found, "engine": {"name": "voxtral", "model": "other"}},
    "other windows": lambda found: {**found, "findings": [{**f, "start": 1} for f in found["findings"]]},
    "another task": lambda found: {**found, "findings": [{**f, "task": "poem"} for f in found["findings"]]},
    "another shape": lambda found: {
        **found,
        "findings": [{**f, "written": {"summary": [1]}} for f in found["findings"]],
    },
}


class LostError(Exception):
    """The machine is lost."""


@pytest.fixture
def pcm(tmp_path: Path) -> Iterator[Pcm]:
    """Half a minute with a click every second."""
    path = tmp_path / "clicks"
    with path.open("wb") as file:
        file.truncate(30 * BYTES_PER_SECOND)
        for second in range(30):
            file.seek(second * BYTES_PER_SECOND + BYTES_PER_SECOND // 2)
            file.write(b"\x00\x20" * 200)
    found = Pcm(path.open("rb"))
    yield found
    found.close()


def by_window(conversation: Sequence[Message]) -> str:
    """What is found differs from window to window; nobody says how they feel in the first one."""
    told = texts(conversation)
    if "This is part" not in told:
        return known(conversation)
    part = told.split("This is part ")[1].split(" ")[0]
    if wanted(conversation) == "summary":
        return json.dumps({"summary": f"Part {part}."})
    mood = None if part == "1" else "positive"
    return json.dumps({"quote": f"word {part}", "reason": "Kind.", "overall": mood})


def engine(window_seconds: float = 8.0) -> ScriptedVoxtral:
    return ScriptedVoxtral(by_window, room=Capacity(window_seconds=window_seconds, batch=1))


def analyse(
    pcm: Pcm, model: ScriptedVoxtral, earlier: Json | None = None, lost_after: int | None = None
) -> list[Json]:
    """All events, each held against the contract, until the machine is lost after so many batches."""
    told: list[Json] = []

    def emit(event: AnalyzeEvent) -> None:
        told.append(json.loads(event.to_json()))
        check("AnalyzeEvent", told[-1])
        if len(model.batches) == lost_after:
            raise LostError

    found = None if earlier is None else AnalysisCheckpoint.model_validate(earlier)
    analysis = RecordingAnalysis(pcm, model, AnalysisOrder(ASKED, found), emit, lambda: False)
    if lost_after is None:
        analysis.run()
    else:
        with pytest.raises(LostError):
            analysis.run()
    return told


def checkpoint(told: list[Json]) -> Json:
    """What the worker keeps of an analysis."""
    return {
        "engine": {"name": told[0]["engine"], "model": told[0]["model"]},
        "window_seconds": told[0]["window_seconds"],
        "findings": [finding for line in told for finding in line.get("findings", [])],
    }


@pytest.mark.parametrize("batches", [1, 5])
def test_the_model_is_asked_for_the_rest_and_the_result_is_that_of_one_run(pcm: Pcm, batches: int) -> None:
    whole, rest = engine(), engine()
    expected = analyse(pcm, whole)[-1]
    earlier = checkpoint(analyse(pcm, engine(), lost_after=batches))
    assert len(earlier["findings"]) == batches
    told = analyse(pcm, rest, earlier)
    assert told[-1] == expected
    assert [texts(one) for [one] in rest.batches] == [texts(one) for [one] in whole.batches[batches:]]
    progress = [line["progress"] for line in told if line["type"] == "window"]
    assert progress[0] > 0.8 * batches / len(whole.batches)


def test_a_larger_machine_goes_on_with_the_same_windows(pcm: Pcm) -> None:
    whole, rest = engine(), engine(window_seconds=20.0)
    expected = analyse(pcm, whole)[-1]
    told = analyse(pcm, rest, checkpoint(analyse(pcm, engine(), lost_after=3)))
    assert (told[0]["window_seconds"], told[-1]) == (8, expected)
    assert len(rest.batches) == len(whole.batches) - 3


@pytest.mark.parametrize("seconds", [0.1, 600])
def test_windows_that_are_too_long_or_too_short_are_not_taken_over(pcm: Pcm, seconds: float) -> None:
    earlier = checkpoint(analyse(pcm, engine(), lost_after=3))
    assert analyse(pcm, engine(), {**earlier, "window_seconds": seconds})[0]["window_seconds"] == 8


def test_only_texts_are_joined_if_everything_was_found(pcm: Pcm) -> None:
    expected = analyse(pcm, engine())
    rest = engine()
    assert analyse(pcm, rest, checkpoint(expected))[-1] == expected[-1]
    assert [wanted(one) for [one] in rest.batches] == ["text"]


@pytest.mark.parametrize("unfitting", UNFITTING)
def test_what_does_not_fit_is_found_again(pcm: Pcm, unfitting: str) -> None:
    whole, again = engine(), engine()
    expected = analyse(pcm, whole)[-1]
    earlier = UNFITTING[unfitting](checkpoint(analyse(pcm, engine(), lost_after=3)))
    assert analyse(pcm, again, earlier)[-1] == expected
    assert len(again.batches) == len(whole.batches)


def test_a_checkpoint_of_another_form_is_refused(url: str, audio: str) -> None:
    for earlier in ({"findings": []}, {"engine": {"model": "x"}, "window_seconds": -1, "findings": []}):
        answer = httpx.post(f"{url}/analyze", json={"path": audio, "earlier": earlier}, timeout=60)
        refusal(answer, 400, "invalid_request")


def test_a_window_that_is_missing_in_between_is_found_and_the_order_stays(pcm: Pcm) -> None:
    whole, rest = engine(), engine()
    expected = analyse(pcm, whole)[-1]
    earlier = checkpoint(analyse(pcm, engine(), lost_after=6))
    earlier["findings"] = [*earlier["findings"][:2], *earlier["findings"][4:]]
    assert analyse(pcm, rest, earlier)[-1] == expected
    assert len(rest.batches) == len(whole.batches) - 4
    quotes = [piece["quote"] for piece in expected["analysis"]["sentiment"]["evidence"]]
    assert quotes == sorted(quotes)
    assert len(quotes) > 2
