"""`POST /v1/chat/completions`: through OpenAI's own client, and what the client cannot send."""

import json
import socket
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.errors import InternalError, OutOfMemoryError
from spotscribe_testing.media import cut_off, tone
from spotscribe_testing.models.scripted_voxtral import Endless, ScriptedVoxtral, in_turn, seconds, texts
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.live_server import open_files, wait_until
from spotscribe_voxtral.engines.engine import Capacity
from spotscribe_voxtral.routes import chat
from spotscribe_voxtral.settings import Settings


@pytest.fixture
def client(url: str, model: ScriptedVoxtral) -> OpenAI:
    model.script = lambda _conversation: "She says good morning."
    return OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)


@pytest.fixture
def speech(tmp_path: Path) -> dict[str, Any]:
    """Twelve seconds as a part of a message."""
    return recording(tmp_path / "speech.mp3", 12)


def recording(file: Path, length: float) -> dict[str, Any]:
    data = b64encode(tone(file, length).read_bytes()).decode()
    return {"type": "input_audio", "input_audio": {"data": data, "format": file.suffix[1:]}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": parts[0] if isinstance(parts[0], str) else list(parts)}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def post(url: str, **fields: Any) -> httpx.Response:
    body = {"model": "scripted", "messages": [user("Hello")], **fields}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)


def queue(url: str) -> dict[str, int]:
    found: dict[str, int] = httpx.get(f"{url}/health", timeout=600).json()["queue"]
    return found


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("share", "told"), [(1, None), (0.5, "audio")])
def test_a_recording_that_ends_early_is_told_in_a_header(
    url: str, tmp_path: Path, model: ScriptedVoxtral, stream: bool, share: float, told: str | None
) -> None:
    model.script = lambda _conversation: "A tone."
    data = b64encode(cut_off(tone(tmp_path / "a.wav", 4), share).read_bytes()).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    answer = post(url, messages=[user(part, text("What is said?"))], stream=stream)
    assert answer.status_code == 200, answer.text
    assert answer.headers.get("X-Spotscribe-Degraded") == told


def test_text_and_audio_are_answered(
    client: OpenAI, speech: dict[str, Any], model: ScriptedVoxtral, settings: Settings, tmp_path: Path
) -> None:
    messages: Any = [user(speech, text("What is said?"))]
    answer = client.chat.completions.create(
        model="voxtral", messages=messages, max_completion_tokens=77, temperature=0, top_p=0.5
    )
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", "scripted")
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "She says good morning.")
    assert choice.finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (153, 4)
    assert answer.usage.total_tokens == 157
    [[conversation]] = model.batches
    assert texts(conversation) == "What is said?"
    assert seconds(conversation) == pytest.approx(12, abs=0.2)
    [how] = model.asked
    assert (how.max_tokens, how.temperature, how.top_p) == (77, 0, 0.5)
    assert model.capacity_asked == [77]
    wait_until(lambda: open_files(tmp_path) == [], "decoded audio is closed")
    assert list(settings.tmpdir.iterdir()) == []


def test_a_stream_tells_the_role_the_pieces_the_end_and_the_usage(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="scripted",
        messages=[{"role": "user", "content": "Hello"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    deltas = [chunk.choices[0].delta.content for chunk in chunks[:-1]]
    assert deltas == ["", "She", " says", " good", " morning.", None]
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * 5 + ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 4
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_without_usage_ends_with_done(url: str, client: OpenAI) -> None:
    answer = post(url, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all("usage" not in json.loads(line.removeprefix("data: ")) for line in lines[:-1])


def test_a_piece_is_sent_when_it_is_written(url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: "Hello."
    model.go.clear()
    body = {"model": "scripted", "messages": [user("Hello")], "stream": True}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=600) as answer:
        lines = filter(None, answer.iter_lines())
        assert json.loads(next(lines).removeprefix("data: "))["choices"][0]["delta"]["role"] == "assistant"
        model.go.set()
        assert list(lines)[-1] == "data: [DONE]"


def test_an_answer_that_is_cut_says_so(client: OpenAI, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: Endless("and so on and so on")
    answer = client.chat.completions.create(model="voxtral", messages=[{"role": "user", "content": "Go on"}])
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "and so on and so on"


def test_every_role_reaches_the_model_and_answers_are_sent_back_as_they_came(
    client: OpenAI, model: ScriptedVoxtral
) -> None:
    first = client.chat.completions.create(model="voxtral", messages=[{"role": "user", "content": "One"}])
    messages: Any = [
        {"role": "developer", "content": "Be kind."},
        {"role": "system", "content": [text("Be brief.")]},
        user("One"),
        first.choices[0].message.model_dump(),
        user(text("Two"), text("three")),
    ]
    client.chat.completions.create(model="voxtral", messages=messages)
    conversation = model.batches[-1][0]
    assert [(message.role, *message.parts) for message in conversation] == [
        ("system", "Be kind."),
        ("system", "Be brief."),
        ("user", "One"),
        ("assistant", "She says good morning."),
        ("user", "Two", "three"),
    ]


def test_a_json_object_comes_alone_and_checked(client: OpenAI, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: 'Sure!\n```json\n{"mood": "heiß",}\n```'
    answer = client.chat.completions.create(
        model="voxtral",
        messages=[{"role": "user", "content": "Mood?"}],
        response_format={"type": "json_object"},
    )
    assert answer.choices[0].message.content == '{"mood": "heiß"}'
    assert "one JSON object" in texts(model.batches[0][0])
    stream = client.chat.completions.create(
        model="voxtral",
        messages=[{"role": "user", "content": "Mood?"}],
        response_format={"type": "json_object"},
        stream=True,
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == '{"mood": "heiß"}'


def test_an_answer_that_is_no_json_is_asked_for_once_more(client: OpenAI, model: ScriptedVoxtral) -> None:
    model.script = in_turn(["I am well.", '{"mood": "well"}'])
    answer = client.chat.completions.create(
        model="voxtral",
        messages=[{"role": "user", "content": "Mood?"}],
        response_format={"type": "json_object"},
    )
    assert answer.choices[0].message.content == '{"mood": "well"}'
    assert [message.role for message in model.batches[1][0]] == ["user", "assistant", "user"]
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 5


@pytest.mark.parametrize(
    "wrong", ["[1]", "{oops", '{"a": NaN}', '{"a": "\\ud800"}', "{" * 5000, '{"a": ' * 5000]
)
def test_an_answer_that_is_never_json_is_an_error(wrong: str, url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: wrong
    answer = post(url, response_format={"type": "json_object"})
    # Clients repeat errors of ours: this one would come again.
    assert "not a JSON object" in refusal(answer, 422, "invalid_request")["message"]
    assert len(model.batches) == 2


def test_an_endless_json_answer_is_told_as_it_was_cut(url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: Endless('{"mood": ')
    choice = post(url, response_format={"type": "json_object"}).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", '{"mood": ')


@pytest.mark.parametrize(
    "fields",
    [
        {"user": "me", "seed": 7, "store": False, "metadata": {"a": "b"}, "service_tier": "auto"},
        {"n": 1, "logprobs": False, "presence_penalty": 0, "frequency_penalty": 0.0, "stop": None},
        {"tools": [], "tool_choice": "none", "modalities": ["text"], "max_tokens": 5, "logit_bias": {}},
        {"temperature": None, "stream_options": None, "response_format": {"type": "text"}},
    ],
)
def test_fields_that_change_nothing_are_passed_over(fields: dict[str, Any], url: str, client: OpenAI) -> None:
    assert post(url, **fields).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"stop": ["\n"]}, "stop"),
        ({"logprobs": True}, "logprobs"),
        ({"presence_penalty": 1}, "presence_penalty"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"some_new_field": 1}, "some_new_field"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 100_000}, "max_completion_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [user("x"), {"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [user("x" * 200_001)]}, "messages"),
        ({"messages": [user("x")] * 201}, "messages"),
        ({"messages": [user({"type": "image_url", "image_url": {"url": "http://x/"}})]}, None),
        ({"messages": [user({"type": "x" * 100_000, "text": "y"})]}, "messages.0.content.0"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(
    fields: dict[str, Any], param: str | None, url: str, model: ScriptedVoxtral
) -> None:
    error = refusal(post(url, **fields), 400, "invalid_request")
    assert error["type"] == "invalid_request_error"
    if param is not None:
        assert error["param"] == param
    assert len(error["message"]) < 400
    assert model.batches == []
    assert queue(url)["inside"] == 0


def test_audio_of_another_than_the_user_is_refused(url: str, speech: dict[str, Any]) -> None:
    for role in ("system", "assistant"):
        messages = [user("x"), {"role": role, "content": [speech]}, user("y")]
        error = refusal(post(url, messages=messages), 400, "invalid_request")
        assert "only the user's" in error["message"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ("not base64!", 400, "invalid_request"),
        ("https://127.0.0.1:9/a.mp3", 400, "invalid_request"),
        ("data:audio/wav;base64,AAAA", 400, "invalid_request"),
        ("", 422, "bad_audio"),
        (b64encode(b"not audio at all\n" * 50).decode(), 422, "bad_audio"),
        (
            b64encode(b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n").decode(),
            415,
            "unsupported_media_type",
        ),
    ],
)
def test_audio_that_is_none_is_refused_by_its_place(
    data: str, status: int, code: str, url: str, settings: Settings, model: ScriptedVoxtral
) -> None:
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}}
    error = refusal(post(url, messages=[user(text("x"), part)]), status, code)
    assert error["param"].startswith("messages.0.content.1.input_audio")
    assert model.batches == []
    assert list(settings.tmpdir.iterdir()) == []
    assert queue(url)["inside"] == 0


def test_audio_that_does_not_fit_into_one_prompt_is_sent_to_analyze(
    url: str, model: ScriptedVoxtral, tmp_path: Path
) -> None:
    model.room = Capacity(window_seconds=60.0, batch=1)
    long = recording(tmp_path / "long.mp3", 61)
    error = refusal(post(url, messages=[user(long)]), 413, "audio_too_long")
    assert "60 s" in error["message"]
    assert "POST /analyze" in error["message"]
    # Each of them takes the encoder's 30 s.
    short = recording(tmp_path / "short.mp3", 1)
    refusal(post(url, messages=[user(short, short, short)]), 413, "audio_too_long")
    model.script = lambda _conversation: "Yes."
    assert post(url, messages=[user(short, short)]).status_code == 200
    stream = post(url, messages=[user(long)], stream=True)
    sent = json.loads(stream.text.splitlines()[0].removeprefix("data: "))["error"]
    assert (sent["code"], sent["type"]) == ("audio_too_long", "invalid_request_error")
    beyond = refusal(post(url, messages=[user(recording(tmp_path / "x.mp3", 130))]), 413, "audio_too_long")
    assert "POST /analyze" in beyond["message"]


def test_no_more_audio_is_decoded_than_one_prompt_can_have_of_all_pieces(
    url: str, model: ScriptedVoxtral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen pieces of ten minutes each took 300 MB of the scratch disk before they were refused."""
    decoded: list[float] = []

    async def watched(*arguments: Any, **how: Any) -> Pcm:
        pcm = await decode(*arguments, **how)
        decoded.append(pcm.duration)
        return pcm

    monkeypatch.setattr("spotscribe_audio.service.decode", watched)
    model.room = Capacity(window_seconds=600.0, batch=1)
    piece = recording(tmp_path / "piece.mp3", 119)
    error = refusal(post(url, messages=[user(*[piece] * 3), user(*[piece] * 5)]), 413, "audio_too_long")
    assert "600 s" in error["message"]
    assert len(decoded) == 5
    assert model.batches == []
    assert queue(url)["inside"] == 0


def test_a_body_that_is_too_large_or_no_json_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    header = {"content-type": "application/json"}
    for content in (b"{", b"[]", b'{"messages": ' + b"[" * 20_000, b"\xff"):
        answer = httpx.post(f"{url}/v1/chat/completions", content=content, headers=header, timeout=600)
        refusal(answer, 400, "invalid_request")
    answer = httpx.post(f"{url}/v1/chat/completions", content=b"x", headers={"content-type": "text/plain"})
    refusal(answer, 415, "unsupported_media_type")
    monkeypatch.setattr(chat, "BODY_BYTES", 1 << 20)

    def chunks() -> Any:
        yield from (b" " * 65536 for _ in range(40))

    for body in (b" " * (2 << 20), chunks()):
        answer = httpx.post(f"{url}/v1/chat/completions", content=body, headers=header, timeout=600)
        refusal(answer, 413, "upload_too_large")
    assert list(settings.tmpdir.iterdir()) == []
    assert queue(url)["inside"] == 0


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (OutOfMemoryError("The cuda ran out of memory."), 503),
        (MemoryError(), 503),
        (InternalError("The model's numbers are not finite."), 500),
        (RuntimeError("the patient said something"), 500),
    ],
)
def test_after_a_failure_of_the_engine_the_service_goes_on(
    failure: Exception, status: int, url: str, client: OpenAI, model: ScriptedVoxtral
) -> None:
    model.script = lambda _conversation: failure
    error = refusal(post(url), status, "internal")
    assert "patient" not in error["message"]
    with pytest.raises(openai.APIError) as caught:
        list(
            client.chat.completions.create(
                model="voxtral", messages=[{"role": "user", "content": "Hello"}], stream=True
            )
        )
    assert caught.value.code == "internal"
    assert httpx.get(f"{url}/health").status_code == 200
    model.script = lambda _conversation: "Well."
    assert post(url).status_code == 200


def test_more_than_may_wait_are_told_when_to_come_back(
    url: str, client: OpenAI, model: ScriptedVoxtral
) -> None:
    model.go.clear()
    with ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(post, url) for _ in range(3)]
        wait_until(lambda: queue(url)["inside"] == 3, "three requests are inside")
        answer = post(url)
        refusal(answer, 429, "busy")
        assert int(answer.headers["retry-after"]) > 0
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="voxtral", messages=[{"role": "user", "content": "Hello"}])
        model.go.set()
        assert [future.result().status_code for future in inside] == [200, 200, 200]


@pytest.mark.parametrize("stream", [True, False])
def test_a_caller_who_goes_away_ends_the_generation(
    stream: bool, url: str, client: OpenAI, model: ScriptedVoxtral
) -> None:
    model.go.clear()
    body = json.dumps({"model": "voxtral", "messages": [user("Hello")], "stream": stream}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as caller:
        caller.sendall(head.encode() + body)
        wait_until(lambda: model.at_work == 1, "the model works")
    wait_until(lambda: queue(url)["inside"] == 0, "the work has been cancelled")
    assert model.cancelled == 1
    model.go.set()
    assert post(url).status_code == 200


def test_models_are_the_loaded_one_and_its_aliases(url: str, client: OpenAI) -> None:
    names = [found.id for found in client.models.list()]
    assert names[0] == "scripted"
    assert client.models.retrieve("voxtral-mini-latest").id == "voxtral-mini-latest"
    for name in ("scripted", "mistralai/Scripted", *names):
        assert post(url, model=name).status_code == 200
    with pytest.raises(openai.NotFoundError, match="scripted") as caught:
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "Hello"}])
    assert caught.value.code == "model_not_found"
    refusal(httpx.get(f"{url}/v1/models/other"), 404, "model_not_found")
