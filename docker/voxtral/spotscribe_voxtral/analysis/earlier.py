"""What an interrupted analysis found, so that the model is asked only for the rest."""

from pydantic import ValidationError

from spotscribe_audio.speech.windows import Window
from spotscribe_common.contract import AnalysisCheckpoint, AnalysisFinding
from spotscribe_voxtral.analysis.merging import Heard
from spotscribe_voxtral.analysis.shapes import Written
from spotscribe_voxtral.analysis.tasks import Task
from spotscribe_voxtral.engines.engine import Engine


class EarlierFindings:
    """Findings of the same model. What does not fit is passed over: it is found again.

    Args:
        earlier: from anybody; None where nothing was found.
        engine: the loaded model.
    """

    def __init__(self, earlier: AnalysisCheckpoint | None, engine: Engine) -> None:
        is_same = earlier is not None and (earlier.engine.name, earlier.engine.model) == (
            engine.name,
            engine.model,
        )
        self._earlier = earlier if is_same else None
        found = [] if self._earlier is None else self._earlier.findings
        self._written = {(one.task, _key(one.start), _key(one.end)): one.written for one in found}

    def window_seconds(self, least: float, most: float) -> float:
        """The longest window: as before if that is within the bounds, so that the windows are the same."""
        before = most if self._earlier is None else self._earlier.window_seconds
        return before if least <= before <= most else most

    def heard(self, task: Task[Written], window: Window) -> Heard[Written] | None:
        """What was found for a task in a window; None if that is to be found now."""
        written = self._written.get((task.field, _key(window.start), _key(window.end)))
        if written is None:
            return None
        try:
            return Heard(window, task.shape.model_validate(written))
        except ValidationError:
            return None


def finding(task: Task[Written], heard: Heard[Written]) -> AnalysisFinding:
    """What was found, as it is sent."""
    start, end = _key(heard.window.start), _key(heard.window.end)
    written = heard.written.model_dump(mode="json")
    return AnalysisFinding(task=task.field, start=start, end=end, written=written)


def _key(seconds: float) -> float:
    """Milliseconds are kept."""
    return round(seconds, 3)
