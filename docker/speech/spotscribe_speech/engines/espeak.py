"""Debian's `espeak-ng` as a program, for laptops and tests without weights.

It is under the GPL, and so it stays a program of its own: no image contains it, and nothing here links to it.
"""

import logging
import re
import shutil
import subprocess
import tempfile
import threading
import unicodedata
from collections.abc import Sequence

import numpy as np

from spotscribe_common.errors import InternalError, InvalidRequestError, ModelMissingError
from spotscribe_common.process.limited import Limits, limited, plain_environment
from spotscribe_common.quoting import quoted
from spotscribe_common.work.device import Device
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_speech.sound.joining import joined

_log = logging.getLogger(__name__)
_SAMPLE_RATE = 22_050
_PROGRAM = "espeak-ng"
_NORMAL_WORDS = 175
# It speaks no slower. Below, the pauses between words become longer.
_LEAST_WORDS = 80
# Of `-g 1` at 80 words a minute, measured with version 1.51.
_GAP_SECONDS = 0.04
_HEADER_BYTES = 44
# Twice what it takes: 0.1 s of speech for each character, at the slowest speed.
_SECONDS_PER_CHARACTER = 0.8
_LEAST_SECONDS = 20
# It writes no file. Its library for loudspeakers sets up 64 MB of shared memory, which counts as one.
_LIMITS = Limits(memory_bytes=1 << 30, file_bytes=128 << 20, cpu_seconds=120)
_WALL_SECONDS = 120.0
# Between these, the program expects names of phonemes.
_MNEMONICS = re.compile(r"\[(?=\[)|\](?=\])")
_VOICES = (
    Voice("en-us", ("en",), "American English"),
    Voice("en-gb", ("en",), "British English"),
    Voice("ca", ("ca",), "Catalan"),
    Voice("cmn", ("zh",), "Mandarin Chinese"),
    Voice("cs", ("cs",), "Czech"),
    Voice("da", ("da",), "Danish"),
    Voice("de", ("de",), "German"),
    Voice("el", ("el",), "Greek"),
    Voice("es", ("es",), "Spanish of Spain"),
    Voice("es-419", ("es",), "Spanish of Latin America"),
    Voice("fi", ("fi",), "Finnish"),
    Voice("fr-fr", ("fr",), "French"),
    Voice("hi", ("hi",), "Hindi"),
    Voice("hu", ("hu",), "Hungarian"),
    Voice("it", ("it",), "Italian"),
    Voice("nb", ("no",), "Norwegian"),
    Voice("nl", ("nl",), "Dutch"),
    Voice("pl", ("pl",), "Polish"),
    Voice("pt-br", ("pt",), "Portuguese of Brazil"),
    Voice("pt", ("pt",), "Portuguese of Portugal"),
    Voice("ro", ("ro",), "Romanian"),
    Voice("ru", ("ru",), "Russian"),
    Voice("sv", ("sv",), "Swedish"),
    Voice("tr", ("tr",), "Turkish"),
    Voice("uk", ("uk",), "Ukrainian"),
)
# OpenAI's voices. The program has one voice for each accent.
_ALIASES = dict.fromkeys(
    ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "nova", "onyx", "sage", "shimmer", "verse"),
    "en-us",
) | {"fable": "en-gb"}


class EspeakEngine:
    """Speaks many languages, and sounds like a machine."""

    def __init__(self) -> None:
        self._voices: tuple[Voice, ...] = ()
        self._program: str | None = None

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "espeak-ng"

    @property
    def model(self) -> str:
        """Which model it has."""
        return "espeak-ng"

    @property
    def license(self) -> str | None:
        """Of the program. Speech that it makes is free of it."""
        return "GPL-3.0-or-later"

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return _SAMPLE_RATE

    @property
    def voices(self) -> Sequence[Voice]:
        """One for each language or accent, American English first."""
        return self._voices

    @property
    def aliases(self) -> dict[str, str]:
        """OpenAI's voices."""
        return _ALIASES

    def prepare(self) -> None:
        """There is nothing to import."""

    def load(self) -> None:
        """Looks for the program and its voices.

        Raises:
            ModelMissingError: it is not installed.
        """
        program = shutil.which(_PROGRAM)
        if program is None:
            raise ModelMissingError(f"{_PROGRAM} is not on PATH. Install it: apt-get install {_PROGRAM}.")
        listed = subprocess.run(
            [program, "--voices"], capture_output=True, timeout=60, check=True, env=plain_environment()
        )
        lines = [line.split() for line in listed.stdout.decode(errors="replace").splitlines()]
        installed = {fields[1].lower() for fields in lines if len(fields) > 1}
        self._program = program
        self._voices = tuple(voice for voice in _VOICES if voice.id in installed)
        if not self._voices or self._voices[0] != _VOICES[0]:
            raise ModelMissingError(f"{_PROGRAM} has no voice {_VOICES[0].id!r}. Install espeak-ng-data.")

    def device(self) -> Device:
        """A processor."""
        return Device("cpu")

    def unspeakable(self, text: str, language: str) -> str:  # noqa: ARG002
        """Nothing: it spells what it does not know."""
        return ""

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:  # noqa: ARG002
        """One sentence.

        Raises:
            InvalidRequestError: it has no sound.
            InternalError: the program failed or took too long.
        """
        plain = _plain(text)
        samples = self._run(plain, voice, speed) if plain else np.zeros(0, np.float32)
        spoken = joined(samples, 0.0, _SAMPLE_RATE)
        if spoken.size == 0:
            raise InvalidRequestError(f"{quoted(text)} has no sound in this voice.", param="input")
        return spoken

    def _run(self, text: str, voice: Voice, speed: float) -> Samples:
        if self._program is None:
            raise ModelMissingError("The model is not loaded.")
        seconds = _LEAST_SECONDS + len(text) * _SECONDS_PER_CHARACTER
        most_bytes = int(seconds * _SAMPLE_RATE) * 2
        # All that a caller sends is in the standard input: none of it can be an option.
        command = [self._program, "--stdin", "--stdout", "-b", "1", "-v", voice.id, *_pace(speed)]
        with tempfile.TemporaryFile() as said:
            said.write(text.encode())
            said.seek(0)
            process = subprocess.Popen(
                limited(command, _LIMITS),
                stdin=said,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=plain_environment(),
            )
        clock = threading.Timer(_WALL_SECONDS, process.kill)
        clock.start()
        try:
            output = b"" if process.stdout is None else process.stdout.read(most_bytes + 1)
        finally:
            clock.cancel()
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            status = process.wait()
        if len(output) > most_bytes or (len(output) < _HEADER_BYTES and status != 0):
            _log.error("espeak-ng: status %d, %d bytes", status, len(output))
            raise InternalError("espeak-ng failed, or spoke without end. Shorten the sentence.")
        return _samples(output)


def _plain(text: str) -> str:
    """The text as nothing but a text: control characters are commands to the program."""
    visible = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in text)
    return _MNEMONICS.sub(lambda found: f"{found[0]} ", " ".join(visible.split()))


def _pace(speed: float) -> list[str]:
    """The options for the speed, in words per minute, and for the gaps between words."""
    wanted = _NORMAL_WORDS * speed
    if wanted >= _LEAST_WORDS:
        return ["-s", str(round(wanted))]
    gap = 60 / wanted - 60 / _LEAST_WORDS
    return ["-s", str(_LEAST_WORDS), "-g", str(round(gap / _GAP_SECONDS))]


def _samples(wave: bytes) -> Samples:
    """The samples behind a header, which says no length because the program did not know it yet."""
    data = wave[_HEADER_BYTES:]
    if not data:
        return np.zeros(0, np.float32)
    if int.from_bytes(wave[24:28], "little") != _SAMPLE_RATE:
        raise InternalError(
            f"espeak-ng answered at another rate than {_SAMPLE_RATE} Hz. Install version 1.51."
        )
    whole = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")
    return whole.astype(np.float32) / np.float32(32768)
