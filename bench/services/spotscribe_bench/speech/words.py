"""Speaks sentences, recognises them with Whisper tiny.en, and counts the words that are not the same.

Both are written in Whisper's normal form (Radford et al., 2022, appendix C) before they are compared.
"""

from io import BytesIO
from pathlib import Path

import httpx

from spotscribe_audio.packaged_models import packaged_files
from spotscribe_bench.report import Report
from spotscribe_bench.sizes import size
from spotscribe_bench.speech.sentences import HARVARD
from spotscribe_bench.speech.service import body, speech_service, write_model

_REQUEST_SECONDS = 600.0


def measure(folder: Path, report: Report) -> None:
    """Reports the words that were spoken, and those that were recognised wrongly."""
    import jiwer
    from faster_whisper import WhisperModel
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    sentences = HARVARD[: size("BENCH_SENTENCES", len(HARVARD))]
    normal = EnglishTextNormalizer({})
    write_model(folder)
    report.say("loading the service and Whisper tiny.en")
    whisper = WhisperModel(
        str(packaged_files("tiny.en")["model.bin"].parent), device="cpu", compute_type="int8"
    )
    spoken: list[str] = []
    heard: list[str] = []
    with speech_service(folder) as url:
        for number, sentence in enumerate(sentences, 1):
            segments, _ = whisper.transcribe(_spoken(url, sentence), language="en", beam_size=5)
            spoken.append(normal(sentence))
            heard.append(normal(" ".join(segment.text for segment in segments)))
            report.say(f"{number}/{len(sentences)}: {heard[-1]}")
    found = jiwer.process_words(spoken, heard)
    wrong = found.substitutions + found.deletions + found.insertions
    words = found.hits + found.substitutions + found.deletions
    report.measured({"sentences": len(sentences), "words": words, "wrong": wrong})


def _spoken(url: str, sentence: str) -> BytesIO:
    """The sentence as a WAV file."""
    asked = {**body(sentence), "response_format": "wav"}
    answer = httpx.post(f"{url}/v1/audio/speech", json=asked, timeout=_REQUEST_SECONDS)
    answer.raise_for_status()
    return BytesIO(answer.content)
