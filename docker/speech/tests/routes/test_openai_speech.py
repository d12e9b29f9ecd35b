"""`POST /v1/audio/speech` with espeak-ng, and the routes beside it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_testing.places import ROOT
from spotscribe_testing.service.openai_speech import TEXT

OLDEST = ROOT / ".spotscribe" / "openai-oldest"
RATE = 22_050


def ask(url: str, text: str = TEXT, **more: Any) -> httpx.Response:
    return httpx.post(
        f"{url}/v1/audio/speech", json={"model": "tts-1", "input": text, "voice": "alloy", **more}
    )


def seconds(url: str, text: str = TEXT, **more: Any) -> float:
    answer = ask(url, text, response_format="pcm", **more)
    assert answer.status_code == 200, answer.text
    return len(answer.content) / 2 / RATE


@pytest.mark.parametrize(
    ("kind", "media_type", "begins"),
    [
        (None, "audio/mpeg", (b"ID3", b"\xff\xf3", b"\xff\xfb")),
        ("mp3", "audio/mpeg", (b"ID3", b"\xff\xf3", b"\xff\xfb")),
        ("opus", "audio/ogg", (b"OggS",)),
        ("aac", "audio/aac", (b"\xff\xf1",)),
        ("flac", "audio/flac", (b"fLaC",)),
        ("wav", "audio/wav", (b"RIFF",)),
    ],
)
def test_a_format_has_its_type_and_begins_as_such_files_do(
    url: str, kind: str | None, media_type: str, begins: tuple[bytes, ...]
) -> None:
    answer = ask(url, **({} if kind is None else {"response_format": kind}))
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content.startswith(begins)


def test_the_samples_are_speech(url: str) -> None:
    answer = ask(url, response_format="pcm")
    samples = np.frombuffer(answer.content, "<i2").astype(float) / 32768
    assert 2 < samples.size / RATE < 6
    assert np.sqrt(np.mean(samples**2)) > 0.02


def test_the_headers_say_what_was_spoken_and_what_was_not(url: str) -> None:
    headers = ask(url, "Hello \U0001f600.", instructions="Speak gladly.", voice="fable").headers
    assert headers["x-spotscribe-characters"] == "8"
    assert headers["x-spotscribe-voice"] == "en-gb"
    assert headers["x-spotscribe-ignored"] == "instructions"
    assert headers["x-spotscribe-degraded"] == "speech"
    assert "\\U0001f600" in headers["x-spotscribe-left-out"]
    plain = ask(url, "Hello.").headers
    assert {name for name in plain if name.startswith("x-spotscribe")} == {
        "x-spotscribe-characters", "x-spotscribe-voice",
    }  # fmt: skip


def test_speed_is_a_factor(url: str) -> None:
    normal = seconds(url)
    assert seconds(url, speed=2) == pytest.approx(normal / 2, rel=0.3)
    assert seconds(url, speed=0.25) == pytest.approx(normal * 4, rel=0.4)


def test_ssml_is_read_on_request_only(url: str) -> None:
    with_break = '<speak>One.<break time="3s"/>Two.</speak>'
    assert seconds(url, with_break, ssml=True) > seconds(url, "One. Two.") + 2
    slow = '<speak><prosody rate="50%">One, two, three, four, five.</prosody></speak>'
    assert seconds(url, slow, ssml=True) > 1.5 * seconds(url, "One, two, three, four, five.")


@pytest.mark.parametrize("voice", ["de", {"id": "de"}, "DE"])
def test_a_voice_is_named_in_several_ways(url: str, voice: Any) -> None:
    assert ask(url, voice=voice).headers["x-spotscribe-voice"] == "de"


def test_a_language_chooses_a_voice_for_openais_names(url: str) -> None:
    assert ask(url, "Guten Tag.", language="de-AT").headers["x-spotscribe-voice"] == "de"


def test_events_hold_the_same_audio(url: str) -> None:
    answer = ask(url, response_format="pcm", stream_format="sse")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]
    assert [event["type"] for event in events] == ["speech.audio.delta"] * (len(events) - 1) + [
        "speech.audio.done"
    ]
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert audio == ask(url, response_format="pcm").content
    count = len(TEXT)
    assert events[-1]["usage"] == {"input_tokens": count, "output_tokens": 0, "total_tokens": count}


@pytest.mark.parametrize("name", ["espeak-ng", "someone/espeak-ng", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
def test_the_model_goes_by_several_names(url: str, name: str) -> None:
    assert ask(url, "x", model=name).status_code == 200
    assert httpx.get(f"{url}/v1/models/{name}").json()["id"] == name
    listed = [each["id"] for each in httpx.get(f"{url}/v1/models").json()["data"]]
    assert name.rpartition("/")[2] in listed


@pytest.mark.parametrize("path", ["/voices", "/v1/audio/voices"])
def test_the_voices_are_listed(url: str, path: str) -> None:
    body = httpx.get(f"{url}{path}").json()
    first = body["voices"][0]
    assert (first["id"], first["languages"]) == ("en-us", ["en"])
    assert "nova" in first["aliases"]
    assert body["license"] == httpx.get(f"{url}/health").json()["license"] == "GPL-3.0-or-later"


def test_the_metrics_count_characters_and_seconds(url: str) -> None:
    spoken = seconds(url, "One two. Three four.")
    text = httpx.get(f"{url}/metrics").text
    assert "spotscribe_characters_total 20.0" in text
    assert f"spotscribe_speech_seconds_total {spoken:.3f}" in text or f"{spoken:.2f}" in text
    assert 'spotscribe_stage_seconds_count{stage="first"} 1.0' in text


@pytest.mark.parametrize(("folder", "version"), [(None, "3."), (OLDEST, "1.55.3")])
def test_openais_clients_get_speech(folder: Path | None, version: str, url: str) -> None:
    assert folder is None or folder.is_dir(), "run scripts/setup.sh --python"
    path = os.pathsep.join([*([] if folder is None else [str(folder)]), *sys.path])
    command = [sys.executable, "-m", "spotscribe_testing.service.openai_speech", url]
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    told = json.loads(ended.stdout)
    assert told["version"].startswith(version)
    assert (told["begins"], told["type"], told["ignored"]) == ("RIFF", "audio/mpeg", "instructions")
    assert told["bytes"] > 5000
    assert told["events"] == ["speech.audio.delta", "speech.audio.done"]
    assert told["usage"]["total_tokens"] == len(TEXT)
    assert told["refusal"] == ["invalid_request", "voice"]
