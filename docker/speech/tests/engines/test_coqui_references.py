"""A voice is cloned only from a recording with its speaker's consent."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from spotscribe_common.errors import ModelMissingError
from spotscribe_speech.engines.coqui.references import read_references

CONSENT = {"speaker": "Ada Byron", "statement": "My voice may be cloned for our books.", "date": "2026-01-31"}


def recording(file: Path, seconds: float = 8, rate: int = 24_000, **options: Any) -> None:
    shape = (round(seconds * rate), options.pop("channels", 1))
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, shape) * options.pop("scale", 1)
    soundfile.write(file, noise, rate, format=options.pop("format", "WAV"), **options)


def reference(folder: Path, name: str = "ada", consent: Any = CONSENT, **options: Any) -> None:
    recording(folder / f"{name}.wav", **options)
    if consent is not None:
        written = consent if isinstance(consent, str) else json.dumps(consent)
        (folder / f"{name}.consent.json").write_text(written)


def test_references_are_read_by_their_names(tmp_path: Path) -> None:
    reference(tmp_path, "zoe", seconds=6, rate=44_100, channels=2)
    reference(tmp_path, "ada", seconds=30)
    ada, zoe = read_references(tmp_path)
    assert (ada.id, ada.speaker, ada.sample_rate, ada.samples.shape) == (
        "ada",
        "Ada Byron",
        24_000,
        (720_000,),
    )
    assert (zoe.id, zoe.sample_rate, zoe.samples.shape) == ("zoe", 44_100, (264_600,))
    assert zoe.samples.dtype == np.float32


TOMORROW = str(date.today() + timedelta(days=1))


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (None, "ada.consent.json is missing"),
        ("", "Invalid JSON"),
        ("[]", "the file"),
        ({key: value for key, value in CONSENT.items() if key != "speaker"}, "speaker: Field required"),
        ({**CONSENT, "speaker": "  "}, "speaker"),
        ({**CONSENT, "statement": ""}, "statement"),
        ({**CONSENT, "date": "yesterday"}, "date"),
        ({**CONSENT, "date": TOMORROW}, "is in the future"),
        ({**CONSENT, "agreed": True}, "agreed"),
        ({**CONSENT, "statement": "x" * 100_000}, "Invalid JSON"),
    ],
)
def test_a_reference_without_a_valid_consent_is_refused(tmp_path: Path, consent: Any, words: str) -> None:
    reference(tmp_path, consent=consent)
    reference(tmp_path, "bob")
    with pytest.raises(ModelMissingError, match="'ada' has no valid consent") as refused:
        read_references(tmp_path)
    assert words in refused.value.message
    assert "Ada" not in refused.value.message
    assert len(refused.value.message) < 600 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seconds": 5.9}, "6 to 30 s. It has 5.90 s"),
        ({"seconds": 30.1}, "6 to 30 s. It has more"),
        ({"scale": 0}, "silent"),
        ({"scale": float("nan"), "subtype": "FLOAT"}, "no numbers"),
        ({"rate": 8_000}, "8000 Hz"),
        ({"channels": 3}, "3 channels"),
        ({"format": "FLAC"}, "not a WAV"),
        ({"name": "Ada Byron"}, "must be named"),
    ],
)
def test_a_recording_that_is_not_as_it_must_be_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    reference(tmp_path, **options)
    with pytest.raises(ModelMissingError, match="reference voice") as refused:
        read_references(tmp_path)
    assert words in refused.value.message


def test_what_is_no_sound_at_all_is_named(tmp_path: Path) -> None:
    reference(tmp_path)
    (tmp_path / "ada.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt ")
    with pytest.raises(ModelMissingError, match=r"ada\.wav cannot be read"):
        read_references(tmp_path)


def test_a_header_that_promises_hours_is_refused_by_what_is_read(tmp_path: Path) -> None:
    reference(tmp_path)
    whole = bytearray((tmp_path / "ada.wav").read_bytes())
    place = whole.index(b"data") + 4
    whole[place : place + 4] = (0xFFFFFF00).to_bytes(4, "little")
    (tmp_path / "ada.wav").write_bytes(bytes(whole))
    (found,) = read_references(tmp_path)
    assert len(found.samples) == 8 * 24_000


def test_a_folder_without_references_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no reference voice"):
        read_references(tmp_path / "nothing")
