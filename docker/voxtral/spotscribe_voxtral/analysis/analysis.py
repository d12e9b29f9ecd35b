"""From decoded audio to the events of an analysis, window by window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spotscribe_audio.audio.pcm import Pcm, Samples
from spotscribe_audio.language.one_language import undetected
from spotscribe_audio.speech.windows import (
    Window,
    cut_at_silences,
    frame_energies,
    is_silent,
    windows_from,
)
from spotscribe_common.contract import (
    Analysis,
    AnalysisCheckpoint,
    AnalysisFinding,
    AnalysisOptions,
    AnalysisResult,
    AnalysisStarted,
    AnalyzeEvent,
    VoxtralName,
    WindowHeard,
)
from spotscribe_common.errors import InternalError, OutOfMemoryError
from spotscribe_voxtral.analysis.asking import ANSWER_TOKENS, Ask, Asker, Refused
from spotscribe_voxtral.analysis.earlier import EarlierFindings, finding
from spotscribe_voxtral.analysis.joining import Joiner
from spotscribe_voxtral.analysis.merging import Heard
from spotscribe_voxtral.analysis.prompts import audio_prompt
from spotscribe_voxtral.analysis.shapes import Written
from spotscribe_voxtral.analysis.stretches import named
from spotscribe_voxtral.analysis.tasks import Task, wanted_tasks
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.engines.memory_budget import TEXT_TOKENS

# The tokenizer's are some 4 bytes of English, 2 of Japanese.
_BYTES_PER_TOKEN = 2
# A model that hears less of a recording at once does not understand it.
_LEAST_WINDOW_SECONDS = 5.0
# Share of the listening in the progress of work that goes on to joining the windows' texts: an estimate.
_LISTENING_SHARE = 0.9


@dataclass(frozen=True)
class AnalysisOrder:
    """What is to be found out about one recording.

    Attributes:
        asked: the choices of the contract.
        earlier: what an interrupted analysis found.
    """

    asked: AnalysisOptions
    earlier: AnalysisCheckpoint | None = None


@dataclass(frozen=True)
class _Part:
    """A window of the recording; numbered from 1."""

    number: int
    window: Window


@dataclass
class _Findings:
    """What became of a task, window by window."""

    heard: list[Heard[Written]] = field(default_factory=list)
    refused: list[tuple[Window, str]] = field(default_factory=list)


class RecordingAnalysis:
    """Works through one audio.

    Each window is put to the model once for each task, unless it is silent throughout: a model makes
    something up about silence. Memory: the windows of one batch, and the findings so far.

    Args:
        pcm: the decoded audio.
        engine: the model.
        order: what the caller wants to know.
        emit: told every event; the last one is the result.
        cancelled: asked between the parts of the work, and by the engine.
    """

    def __init__(
        self,
        pcm: Pcm,
        engine: Engine,
        order: AnalysisOrder,
        emit: Callable[[AnalyzeEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._pcm = pcm
        self._engine = engine
        self._tasks = wanted_tasks(order.asked)
        self._language = order.asked.language
        self._earlier = EarlierFindings(order.earlier, engine)
        self._emit = emit
        self._cancelled = cancelled
        self._duration = round(pcm.duration, 3)
        self._progress = 0.0

    def run(self) -> None:
        """Emits all events.

        Raises:
            CancelledWorkError: `cancelled()` became true.
            OutOfMemoryError: the memory does not suffice, also with half the batch.
            InternalError: nothing at all could be understood.
        """
        # Short recordings take less memory for each prompt, so that more are asked at once.
        capacity = self._engine.capacity(self._most_tokens(), self._duration)
        if capacity.window_seconds < _LEAST_WINDOW_SECONDS or capacity.batch < 1:
            raise OutOfMemoryError(
                f"The memory that is free takes {capacity.window_seconds:.1f} s of audio, and understanding "
                f"needs {_LEAST_WINDOW_SECONDS:.0f} s. Stop what else runs there, or use a larger machine.",
                retry_after=30,
            )
        energies = frame_energies(self._pcm)
        longest = self._earlier.window_seconds(_LEAST_WINDOW_SECONDS, capacity.window_seconds)
        cuts = cut_at_silences(energies, longest)
        windows = windows_from(cuts, 0.0, self._duration)
        self._emit(
            AnalysisStarted(
                duration=self._duration,
                engine=self._engine.name,
                model=self._engine.model,
                window_seconds=longest,
            )
        )
        parts = [
            _Part(number, window)
            for number, window in enumerate(windows, 1)
            if not is_silent(energies, window)
        ]
        asker = Asker(self._engine, capacity.batch, self._cancelled)
        joins = len(parts) > 1 and any(task.joins for task in self._tasks)
        findings = self._listened(asker, parts, len(windows), _LISTENING_SHARE if joins else 1.0)
        analysis = self._joined(asker, findings)
        if self._progress < 1:
            self._report(self._duration, 1.0)
        self._emit(AnalysisResult(analysis=analysis))

    def _most_tokens(self) -> int:
        """Beside the audio: an answer that is of no use, a second one, and the longest prompt.

        Of the prompt, only what it has above the words that every engine leaves room for.
        """
        longest = max(
            len(audio_prompt(task.told, task.shape, (1, 2), self._language).encode()) for task in self._tasks
        )
        return max(longest // _BYTES_PER_TOKEN - TEXT_TOKENS, 0) + 2 * ANSWER_TOKENS

    def _listened(self, asker: Asker, parts: Sequence[_Part], windows: int, share: float) -> list[_Findings]:
        """What the model found, one for each task.

        Window by window, not task by task: a batch then holds few windows, and all of the recording before
        some point is done.
        """
        findings = [_Findings() for _ in self._tasks]
        asked: list[tuple[_Part, int]] = []
        for part in parts:
            for at, task in enumerate(self._tasks):
                earlier = self._earlier.heard(task, part.window)
                if earlier is None:
                    asked.append((part, at))
                else:
                    findings[at].heard.append(earlier)
        known = len(parts) * len(self._tasks) - len(asked)
        done = 0
        while done < len(asked):
            batch = asked[done : done + asker.batch]
            samples = {part.number: self._pcm.read(part.window.start, part.window.end) for part, _ in batch}
            asks = [self._ask(self._tasks[at], part, windows, samples[part.number]) for part, at in batch]
            new: list[AnalysisFinding] = []
            for (part, at), answer in zip(batch, asker.answers(asks), strict=True):
                if isinstance(answer, Refused):
                    findings[at].refused.append((part.window, answer.reason))
                else:
                    heard = Heard(part.window, answer)
                    findings[at].heard.append(heard)
                    new.append(finding(self._tasks[at], heard))
            done += len(batch)
            end = asked[done][0].window.start if done < len(asked) else self._duration
            self._report(end, share * (known + done) / (known + len(asked)), new)
        for found in findings:
            found.heard.sort(key=lambda heard: heard.window.start)
        reasons = [reason for found in findings for _, reason in found.refused]
        if reasons and not any(found.heard for found in findings):
            raise InternalError(f"Nothing could be understood of the recording: {reasons[0]}")
        return findings

    def _joined(self, asker: Asker, findings: Sequence[_Findings]) -> Analysis:
        joiner = Joiner(asker, lambda: self._report(self._duration, self._progress))
        values: dict[str, object] = {}
        for task, found in zip(self._tasks, findings, strict=True):
            reasons = dict.fromkeys(reason for _, reason in found.refused)
            for reason in reasons:
                where = named([window for window, said in found.refused if said == reason])
                is_whole = not found.heard and len(reasons) == 1
                joiner.lacks(task.title if is_whole else f"{task.title}, {where}", reason)
            if found.heard or not found.refused:
                values[task.field] = task.merged(found.heard, joiner)
        only = self._engine.only_language
        if only is not None and self._language is None and any(found.heard for found in findings):
            joiner.lost.append(undetected("analysis", self._engine.model, only))
        return Analysis.model_validate(
            {
                "engine": VoxtralName(name=self._engine.name, model=self._engine.model),
                "duration": self._duration,
                "track": self._pcm.track,
                **values,
                "degraded": [*self._pcm.degraded, *joiner.lost],
            }
        )

    def _ask(self, task: Task[Written], part: _Part, windows: int, samples: Samples) -> Ask[Written]:
        prompt = audio_prompt(task.told, task.shape, (part.number, windows), self._language)
        return Ask((samples, prompt), task.shape)

    def _report(self, end: float, progress: float, new: list[AnalysisFinding] | None = None) -> None:
        self._progress = progress
        self._emit(WindowHeard(end=round(end, 3), progress=round(progress, 4), findings=new or None))
