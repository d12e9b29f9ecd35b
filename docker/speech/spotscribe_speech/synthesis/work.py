"""From a document to the files of its speech."""

import asyncio
import base64
import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from spotscribe_common.contract import (
    Degradation,
    SpeechChapter,
    SpeechEngine,
    SpeechFile,
    SpeechPart,
    SpeechPiece,
    SpeechResult,
    SpeechSource,
    SpeechStarted,
    SynthesizeEvent,
    SynthesizeRequest,
)
from spotscribe_common.errors import DiskFullError, InvalidRequestError
from spotscribe_common.work.stoppable import IsStopped, Unsent, awaited
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_speech.service import SpeechService
from spotscribe_speech.sound.book import FileToMake, chapter_marks, files_to_make, make_file
from spotscribe_speech.sound.joining import joined
from spotscribe_speech.sound.limiter import limited
from spotscribe_speech.sound.loudness import leveling_gain
from spotscribe_speech.sound.parts import Part, Spoken
from spotscribe_speech.sound.scratch import scratch_folder
from spotscribe_speech.synthesis.earlier import add_earlier, check_source, totals_of
from spotscribe_speech.synthesis.making import SPEAKING, MakingProgress
from spotscribe_speech.text.plan import Plan, Sentence
from spotscribe_speech.text.read import read_document

# A part ends with the sentence that reaches one of these: an interruption loses no more.
_PART_SECONDS = 20.0
_PART_WORK_SECONDS = 30.0
# In base64: 1 MiB.
_PIECE_BYTES = 768 << 10
# Parts and pieces that may wait for the client.
_UNSENT = 2
# Passes over the samples that measuring the loudness usually takes.
_LOUDNESS_READS = 2
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Emit = Callable[[SynthesizeEvent], None]


class SpeechWork:
    """One run over a document, in a thread of its own.

    Args:
        service: whose engine speaks.
        file: the document.
        asked: what the request says.
        voice: what `service.voice` found for it, with the language.
        loop: in which the service speaks.
    """

    def __init__(
        self,
        service: SpeechService,
        file: BinaryIO,
        asked: SynthesizeRequest,
        voice: tuple[Voice, str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._service = service
        self._file = file
        self._asked = asked
        self._voice, self._language = voice
        self._loop = loop
        self._rate = service.engine.sample_rate
        self._unsent = Unsent(_UNSENT)

    def sent(self) -> None:
        """A part or a piece has been sent: another one may be made."""
        self._unsent.sent()

    def run(self, emit: Emit, is_stopped: IsStopped) -> None:
        """Reads, speaks, makes the files and emits.

        Raises:
            InvalidRequestError: the document cannot be used, or an earlier part was made differently.
            UploadTooLargeError: it is too large.
            DiskFullError: the scratch disk is full.
            CancelledWorkError: nobody wants it any more.
        """
        with _full_disk_told(), scratch_folder(self._service.settings.tmpdir) as folder:
            plan = self._read()
            source = self._source(plan)
            spoken = Spoken(self._rate)
            if self._asked.earlier is not None:
                shared = self._service.settings.shared_audio
                check_source(self._asked.earlier, source)
                add_earlier(spoken, self._asked.earlier, plan, shared, is_stopped)
            emit(SpeechStarted(**dict(source)))
            self._speak(plan, spoken, folder, emit, is_stopped)
            files = self._make(plan, spoken, folder, emit, is_stopped)
        emit(
            SpeechResult(
                **dict(source),
                totals=totals_of(spoken, plan.sentences),
                chapters=self._chapters(plan, spoken),
                files=files,
                degraded=self._degraded(plan, spoken),
            )
        )

    def _read(self) -> Plan:
        asked = self._asked
        return read_document(
            self._file, text_format=asked.text_format, media_type=asked.media_type, language=self._language
        )

    def _source(self, plan: Plan) -> SpeechSource:
        engine = self._service.engine
        return SpeechSource(
            engine=SpeechEngine(name=engine.name, model=engine.model),
            voice=self._voice.id,
            language=self._language,
            sample_rate=self._rate,
            plan=plan.sha256(self._asked.speed),
        )

    def _speak(self, plan: Plan, spoken: Spoken, folder: Path, emit: Emit, is_stopped: IsStopped) -> None:
        """Speaks what follows the earlier parts."""
        part = Part(self._rate)
        sentences = plan.sentences
        rest = sentences[len(spoken.sentences.lengths) :]
        most = max(plan.characters, 1)
        for left, sentence in zip(range(len(rest) - 1, -1, -1), rest, strict=True):
            try:
                part.add(self._said(sentence, is_stopped))
            except InvalidRequestError as error:
                part.add(_silence(sentence, self._rate), failure=error.message)
            if left > 0 and part.seconds < _PART_SECONDS and part.work_seconds < _PART_WORK_SECONDS:
                continue
            data = part.file()
            spoken.add(part, data, folder / f"part-{len(spoken.sentences.lengths)}.flac")
            totals = totals_of(spoken, sentences)
            self._unsent.wait(is_stopped)
            progress = SPEAKING * totals.characters / most
            emit(SpeechPart(data=base64.b64encode(data).decode(), totals=totals, progress=progress))
            part = Part(self._rate)
        self._check_has_sound(plan, spoken)

    def _said(self, sentence: Sentence, is_stopped: IsStopped) -> Samples:
        saying = asyncio.run_coroutine_threadsafe(
            self._service.speak(sentence, self._voice, self._language, self._asked.speed, is_patient=True),
            self._loop,
        )
        return awaited(saying, is_stopped)

    def _check_has_sound(self, plan: Plan, spoken: Spoken) -> None:
        texts = sum(bool(sentence.text) for sentence in plan.sentences)
        if texts > 0 and spoken.sentences.failed == texts:
            raise InvalidRequestError(
                f"None of the {texts} sentences can be spoken. The first: {spoken.sentences.reason}"
            )

    def _make(
        self, plan: Plan, spoken: Spoken, folder: Path, emit: Emit, is_stopped: IsStopped
    ) -> list[SpeechFile]:
        """Makes and sends the files, one after the other: the disk never holds two."""
        asked = self._asked
        marks = chapter_marks(plan, spoken.sentences.lengths)
        files = files_to_make(plan, marks, asked.format, chapters=asked.chapters)
        reads = _LOUDNESS_READS * marks[-1].end if asked.loudness else 0
        progress = MakingProgress(emit, reads + sum(file.end - file.start for file in files))
        gain = None
        if asked.loudness:
            gain = leveling_gain(lambda: progress.reading(spoken.blocks()), self._rate, is_stopped)
        made = []
        for file in files:
            blocks = progress.reading(spoken.blocks(file.start, file.end))
            leveled = blocks if gain is None else limited(blocks, gain, self._rate)
            path = make_file(file, leveled, self._rate, folder, is_stopped)
            size = self._send(path, emit, is_stopped)
            path.unlink()
            made.append(self._described(file, size))
        return made

    def _chapters(self, plan: Plan, spoken: Spoken) -> list[SpeechChapter]:
        return [
            SpeechChapter(title=mark.title, start=mark.start / self._rate, end=mark.end / self._rate)
            for mark in chapter_marks(plan, spoken.sentences.lengths)
        ]

    def _described(self, file: FileToMake, size: int) -> SpeechFile:
        seconds = (file.end - file.start) / self._rate
        return SpeechFile(name=file.name, bytes=size, seconds=seconds, chapter=file.chapter)

    def _send(self, path: Path, emit: Emit, is_stopped: IsStopped) -> int:
        size = 0
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                self._unsent.wait(is_stopped)
                emit(SpeechPiece(name=path.name, data=base64.b64encode(piece).decode()))
                size += len(piece)
        return size

    def _degraded(self, plan: Plan, spoken: Spoken) -> list[Degradation]:
        reasons = self._service.left_out(plan, self._language)
        failed, count = spoken.sentences.failed, len(plan.sentences)
        if failed > 0:
            reasons.append(
                f"{failed} of {count} sentences are silent. The first one: {spoken.sentences.reason}"
            )
        if reasons:
            self._service.metrics.degraded("speech")
        return [Degradation(stage="speech", reason=reason) for reason in reasons]


def _silence(sentence: Sentence, sample_rate: int) -> Samples:
    return joined(np.zeros(0, dtype=np.float32), sentence.pause, sample_rate)


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError("The scratch disk is full.", retry_after=30) from error
