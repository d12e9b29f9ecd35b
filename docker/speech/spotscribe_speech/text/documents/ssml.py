"""SSML: breaks and rates, of the elements in https://www.w3.org/TR/speech-synthesis11/."""

import re
from dataclasses import replace

from spotscribe_common.contract.speech import FASTEST, SLOWEST
from spotscribe_common.quoting import quoted
from spotscribe_speech.text.documents.blocks import Block, Document, Kind
from spotscribe_speech.text.documents.xml import Reader, read_xml
from spotscribe_speech.text.limits import (
    MOST_BREAK_SECONDS,
    MOST_BREAKS,
    MOST_SILENCE_SECONDS,
    refuse,
)
from spotscribe_speech.text.pauses import PARAGRAPH, SENTENCE

# In seconds: each about twice the one before, around the pause between sentences.
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.75, "x-strong": 1.2}
# The standard leaves them to the processor. "Slow" is clearly slower, and nothing is hard to follow.
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75}
_TIME = re.compile(r"\+?(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(ms|s)")
_RATE = re.compile(r"(?P<change>[+-])?(?P<number>\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(?P<percent>%)?")
# What is no text to speak.
_UNSPOKEN = frozenset({"metadata", "meta", "lexicon", "desc", "mark"})
_KNOWN = frozenset({"speak", "break", "prosody", "p", "s", "sub"})


def read_ssml(text: str) -> Document:
    """An SSML document.

    Raises:
        InvalidRequestError: it is not well-formed, or a value is not accepted.
        UploadTooLargeError: it has too many breaks, or too long ones.
    """
    reader = _Ssml()
    read_xml(text, reader)
    return reader.document


class _Ssml(Reader):
    def __init__(self) -> None:
        super().__init__("The SSML")
        self.document = Document()
        self._text: list[str] = []
        self._rates = [1.0]
        self._silent = 0
        self._is_alias = False
        self._has_root = False
        self._silence = 0.0
        self._breaks = 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if not self._has_root and name != "speak":
            raise self.fault(f"the outermost element is <{name[:40]}>, and must be <speak>")
        self._has_root = True
        if name not in _KNOWN:
            self._leave_out(f"a tag <{name[:40]}>")
        if name in _UNSPOKEN or self._silent:
            self._silent += 1
        elif name in {"p", "s"}:
            self._flush(None)
        elif name == "break":
            self._flush(self._seconds(attributes))
        elif name == "prosody":
            self._flush(None)
            self._rates.append(self._rate(attributes))
        elif name == "sub" and "alias" in attributes:
            self._text.append(attributes["alias"])
            self._is_alias = True

    def closed(self, name: str) -> None:
        if self._silent:
            self._silent -= 1
        elif name == "p":
            self._end(PARAGRAPH)
        elif name == "s":
            self._end(SENTENCE)
        elif name == "prosody":
            self._flush(None)
            self._rates.pop()
        elif name == "sub":
            self._is_alias = False
        elif name == "speak":
            self._flush(None)

    def text(self, content: str) -> None:
        if not self._silent and not self._is_alias:
            self._text.append(content)

    def _flush(self, pause: float | None) -> None:
        """Ends a run of text, with a pause after it; without one, its punctuation decides."""
        text = "".join(self._text)
        self._text.clear()
        if text.strip() or pause:
            self.document.add(Block(text, Kind.RUN, self._rates[-1], pause))
        elif text:
            self._text.append(text)

    def _end(self, pause: float) -> None:
        """Ends a paragraph or a sentence. A longer pause at its end stays."""
        blocks = self.document.parts[-1].blocks if self.document.parts else []
        if "".join(self._text).strip():
            self._flush(pause)
        elif blocks:
            blocks[-1] = replace(blocks[-1], pause=max(blocks[-1].pause or 0.0, pause))

    def _seconds(self, attributes: dict[str, str]) -> float:
        self._breaks += 1
        if self._breaks > MOST_BREAKS:
            refuse("The SSML", f"more than {MOST_BREAKS:,} breaks", f"{MOST_BREAKS:,}")
        seconds = self._break(attributes)
        self._silence += seconds
        if self._silence > MOST_SILENCE_SECONDS:
            limit = f"{MOST_SILENCE_SECONDS:,.0f} s"
            refuse("The SSML", f"breaks of more than {limit} together", limit, "Shorten the breaks")
        return seconds

    def _break(self, attributes: dict[str, str]) -> float:
        time = attributes.get("time")
        if time is None:
            strength = attributes.get("strength", "medium").strip()
            if strength not in _STRENGTHS:
                known = ", ".join(_STRENGTHS)
                raise self.fault(f"strength {quoted(strength)} of a break is not known. Use one of {known}")
            return _STRENGTHS[strength]
        match = _TIME.fullmatch(time.strip())
        if match is None:
            raise self.fault(f'time {quoted(time)} of a break is not a time. Write it as "500ms" or "2s"')
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        if seconds > MOST_BREAK_SECONDS:
            raise self.fault(f"a break of {quoted(time)} is longer than {MOST_BREAK_SECONDS:g} s. Shorten it")
        return seconds

    def _rate(self, attributes: dict[str, str]) -> float:
        for name in attributes.keys() - {"rate"}:
            self._leave_out(f"an attribute {name[:40]!r} of <prosody>")
        written = attributes.get("rate", "default").strip()
        factor = _RATES.get(written)
        if factor is None:
            match = _RATE.fullmatch(written)
            if match is None or (match["change"] and not match["percent"]):
                known = ", ".join(_RATES)
                raise self.fault(f'rate {quoted(written)} is not known. Use "80%", "1.2", or one of {known}')
            factor = float(match["number"]) / (100 if match["percent"] else 1)
            if match["change"]:
                factor = 1 + (factor if match["change"] == "+" else -factor)
        rate = self._rates[-1] * factor
        if not SLOWEST <= rate <= FASTEST:
            raise self.fault(
                f"rate {quoted(written)} makes the speed {rate:g}. It must be {SLOWEST:g} to {FASTEST:g}"
            )
        return rate

    def _leave_out(self, what: str) -> None:
        # Names are the caller's: a few are enough to report.
        if what in self.document.left_out or len(self.document.left_out) < 20:
            self.document.left_out[what] += 1
