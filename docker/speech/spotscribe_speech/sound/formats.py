"""How each format is encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spotscribe_common.contract import SpeechFileFormat


@dataclass(frozen=True, slots=True)
class Codec:
    """A format that ffmpeg encodes. Bit rates are for one voice.

    Attributes:
        muxer: ffmpeg's name of the container.
        options: of the encoder.
        rates: sample rates that it has; any, if there are none.
        tagged: whether the container holds a title and an author.
        streamed: options of the container, where bytes must come out as soon as there are any.
    """

    muxer: str
    options: Sequence[str]
    rates: Sequence[int] = ()
    tagged: bool = True
    streamed: Sequence[str] = field(default=())

    def output(self, sample_rate: int) -> list[str]:
        """Options of an output whose input has this sample rate."""
        rate = sample_rate if not self.rates or sample_rate in self.rates else 48_000
        return [*self.options, "-ar", str(rate), "-ac", "1", "-f", self.muxer]


# Rates of MPEG-1, 2 and 2.5; those of ADTS; and the rate in which Opus counts.
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_RATES = (*_MP3_RATES, 64_000, 88_200, 96_000)
_AAC = ("-c:a", "aac", "-b:a", "80k")

# `wav` and `pcm` are only samples: they need no encoder.
CODECS: dict[SpeechFileFormat, Codec] = {
    "mp3": Codec(
        "mp3",
        ("-c:a", "libmp3lame", "-b:a", "96k"),
        _MP3_RATES,
        # The header of the whole file's length could be written only at the end.
        streamed=("-write_xing", "0", "-id3v2_version", "0"),
    ),
    "opus": Codec(
        "ogg",
        ("-c:a", "libopus", "-b:a", "48k", "-application", "voip"),
        (48_000,),
        # Otherwise a page is sent when it holds a second.
        streamed=("-page_duration", "20000"),
    ),
    "aac": Codec("adts", _AAC, _AAC_RATES, tagged=False),
    "flac": Codec("flac", ("-c:a", "flac", "-sample_fmt", "s16"), streamed=("-frame_size", "1024")),
    "m4b": Codec("ipod", (*_AAC, "-movflags", "+faststart"), _AAC_RATES),
}
