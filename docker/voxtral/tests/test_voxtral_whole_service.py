"""Everything at once, as on a machine: the service's process, Transformers, a tiny Voxtral, OpenAI's client.

Run with `-m production` where requirements.production.txt is installed. One tiny model says a known text to
all that it hears, another one says anything.
"""

import base64
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

from spotscribe_testing.places import SAMPLE
from spotscribe_testing.service.answers import events
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

pytestmark = pytest.mark.production
SAID = '{"summary": "Somebody wishes a good day."}'


@contextmanager
def service(folder: Path, model: str) -> Iterator[tuple[Any, str]]:
    """The process and its URL, with one of the models in the folder."""
    environment = {
        "VOXTRAL_MODEL": model,
        "VOXTRAL_QUANTIZATION": "auto",
        "GPU_PRIORITY_FILE": str(folder / "shared" / "gpu"),
        "MODEL_DIR": str(folder / "models"),
        "SHARED_AUDIO": str(folder / "shared"),
        "TMPDIR": str(folder / "scratch"),
        "HOME": "/proc",
        "STOP_SECONDS": "2",
    }
    with service_process("spotscribe_voxtral", environment, folder / f"log-{model}") as (process, url):
        wait_until(
            lambda: httpx.get(f"{url}/health", timeout=600).json()["status"] != "loading", "loaded", 180
        )
        assert answers_ok(url), httpx.get(f"{url}/health", timeout=600).text
        yield process, url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from spotscribe_testing.models.tiny_voxtral import scripted_voxtral, tiny_voxtral

    found = tmp_path_factory.mktemp("machine")
    for name in ("scratch", "shared", "models"):
        (found / name).mkdir()
    scripted_voxtral(found / "models" / "scripted", SAID)
    tiny_voxtral(found / "models" / "tiny")
    (found / "shared" / "input").write_bytes(SAMPLE.read_bytes())
    return found


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with service(folder, "scripted") as (_, found):
        yield found


def test_a_transcript_has_what_the_model_says_of_each_piece(url: str) -> None:
    answer = httpx.post(
        f"{url}/transcribe",
        json={"path": "input", "language": "en"},
        headers={"Accept": "application/x-ndjson"},
        timeout=600,
    )
    lines = events(answer, "TranscribeEvent")
    transcript = lines[-1]["transcript"]
    assert {segment["text"] for segment in transcript["segments"]} == {SAID}
    assert transcript["segments"][-1]["end"] <= transcript["duration"]
    assert transcript["engine"] == {"name": "voxtral", "model": "scripted"}


def test_a_language_that_is_none_is_refused(url: str) -> None:
    answer = httpx.post(f"{url}/transcribe", json={"path": "input", "language": "xx"}, timeout=600)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "language"


def test_an_analysis_has_the_form_of_each_task_whatever_the_model_wants_to_say(url: str) -> None:
    answer = httpx.post(f"{url}/analyze", json={"path": "input", "tasks": ["summary", "topics"]}, timeout=300)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    check("Analysis", found)
    assert found["summary"] == "Somebody wishes a good day."
    # The model says the summary to everything, and here may not.
    assert isinstance(found["topics"], list)
    assert found["degraded"] == []


def test_openais_client_gets_answers_about_audio_whole_and_in_pieces(url: str) -> None:
    client = OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)
    data = base64.b64encode(SAMPLE.read_bytes()).decode()
    messages: Any = [
        {"role": "system", "content": "Answer in JSON."},
        {
            "role": "user",
            "content": [
                {"type": "input_audio", "input_audio": {"data": data, "format": "flac"}},
                {"type": "text", "text": "What is said?"},
            ],
        },
    ]
    whole = client.chat.completions.create(model="voxtral", messages=messages)
    assert whole.choices[0].message.content == SAID
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    # Each 30 s of audio are 375 tokens.
    assert whole.usage.prompt_tokens > 375
    stream = client.chat.completions.create(model="voxtral", messages=messages, stream=True)
    pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(pieces) == SAID
    assert len(pieces) > 5
    checked = client.chat.completions.create(
        model="voxtral", messages=messages, response_format={"type": "json_object"}
    )
    assert json.loads(checked.choices[0].message.content or "") == json.loads(SAID)


def test_turns_of_one_side_may_follow_each_other(url: str) -> None:
    for turns in (["user", "user"], ["user", "assistant", "assistant", "user"], ["system"]):
        messages = [{"role": role, "content": "Hello"} for role in turns]
        body = {"model": "voxtral", "messages": messages}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)
        assert answer.status_code == 200, answer.text


def test_more_words_than_the_model_can_read_are_refused(url: str) -> None:
    # The tiny model reads letter by letter.
    body = {"model": "voxtral", "messages": [{"role": "user", "content": "word " * 10_000}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)
    assert answer.status_code == 400, answer.text
    assert "context" in answer.json()["error"]["message"]


def test_a_model_that_says_anything_leaves_a_service_that_works_and_stops(folder: Path) -> None:
    with service(folder, "tiny") as (process, url):
        answer = httpx.post(f"{url}/transcribe", json={"path": "input"}, timeout=300)
        assert answer.status_code == 200, answer.text
        check("Transcript", answer.json())
        body = {
            "model": "tiny",
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 12,
        }
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["finish_reason"] == "length"
        assert answer.json()["usage"]["completion_tokens"] == 12
        schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        body |= {"max_tokens": 40, "response_format": form}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)
        assert answer.status_code == 200, answer.text
        assert type(json.loads(answer.json()["choices"][0]["message"]["content"])["sure"]) is bool
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=600) == 0
    assert "Traceback" not in (folder / "log-tiny").read_text()
