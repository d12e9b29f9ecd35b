"""Speech that is sent while it is made, to clients who wait, leave, and come at the same time."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from spotscribe_testing.models.scripted_speech import ScriptedSpeech
from spotscribe_testing.service.live_server import wait_until

THREE = "One is here. Two is here. Three is here."


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "tones", "input": text, "response_format": "pcm", **more}


def inside(url: str) -> int:
    count: int = httpx.get(f"{url}/health").json()["queue"]["inside"]
    return count


def started(url: str, text: str, **more: Any) -> tuple[threading.Thread, list[httpx.Response]]:
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(httpx.post(f"{url}/v1/audio/speech", json=body(text, **more)))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, answers


class Gate(threading.Event):
    """Lets so many sentences pass."""

    def __init__(self, passes: int) -> None:
        super().__init__()
        self._passes = threading.Semaphore(passes)

    def wait(self, timeout: float | None = None) -> bool:
        return self._passes.acquire(timeout=timeout)

    def set(self) -> None:
        self._passes.release(1000)


def test_the_first_sentence_comes_before_the_others_are_made(scripted: str, speaker: ScriptedSpeech) -> None:
    speaker.go = Gate(1)
    with httpx.stream("POST", f"{scripted}/v1/audio/speech", json=body(THREE)) as answer:
        pieces: Iterator[bytes] = answer.iter_raw()
        first = next(pieces)
        assert answer.status_code == 200
        assert len(first) > 8000
        # The second one was begun, and the third was not.
        wait_until(lambda: len(speaker.spoken) == 2, "the second sentence is being spoken")
        speaker.go.set()
        assert len(b"".join(pieces)) > len(first)


def test_a_long_first_sentence_begins_with_a_short_piece(scripted: str, speaker: ScriptedSpeech) -> None:
    start = "When the long night was over at last,"
    rest = "the travellers went on their way through the hills and the woods."
    text = f"{start} {rest}"
    assert httpx.post(f"{scripted}/v1/audio/speech", json=body(text)).status_code == 200
    assert [spoken for spoken, _ in speaker.spoken] == [start, rest]
    assert "spotscribe_characters_total 103.0" in httpx.get(f"{scripted}/metrics").text


def test_the_work_ends_when_the_client_leaves(scripted: str, speaker: ScriptedSpeech) -> None:
    speaker.go = Gate(1)
    with httpx.stream("POST", f"{scripted}/v1/audio/speech", json=body("Word here. " * 200)) as answer:
        next(answer.iter_raw())
    speaker.go.set()
    wait_until(lambda: inside(scripted) == 0, "its place is free")
    assert len(speaker.spoken) < 10


def test_the_work_ends_when_the_client_leaves_before_its_first_sentence(
    scripted: str, speaker: ScriptedSpeech
) -> None:
    speaker.go.clear()
    host, port = scripted.removeprefix("http://").split(":")
    content = json.dumps(body(THREE)).encode()
    fields = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    head = f"POST /v1/audio/speech HTTP/1.1\r\n{fields}"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode() + b"\r\n\r\n" + content)
        wait_until(lambda: len(speaker.spoken) == 1, "it is being spoken")
    wait_until(lambda: inside(scripted) == 0, "its place is free")
    speaker.go.set()
    assert httpx.post(f"{scripted}/v1/audio/speech", json=body("Next.")).status_code == 200
    assert [text for text, _ in speaker.spoken] == ["One is here.", "Next."]


def test_callers_take_turns(scripted: str, speaker: ScriptedSpeech) -> None:
    speaker.go.clear()
    threads = []
    for index, name in enumerate(("A", "B", "C")):
        threads.append(started(scripted, f"{name} one. {name} two. {name} three."))
        wait_until(lambda count=index: inside(scripted) == count + 1, "it is let in")  # type: ignore[misc]
    wait_until(lambda: len(speaker.spoken) == 1, "the first is being spoken")
    wait_until(
        lambda: "spotscribe_waiting_sentences 2.0" in httpx.get(f"{scripted}/metrics").text,
        "the others wait",
    )
    speaker.go.set()
    for thread, answers in threads:
        thread.join(60)
        assert answers[0].status_code == 200
    # Nobody has a second sentence before each has had one.
    assert {text[0] for text, _ in speaker.spoken[:3]} == {"A", "B", "C"}


def test_more_callers_than_places_are_sent_away(scripted: str, speaker: ScriptedSpeech) -> None:
    speaker.go.clear()
    threads = [started(scripted, "Hello.") for _ in range(17)]
    wait_until(lambda: inside(scripted) == 17, "all places are taken")
    refused = httpx.post(f"{scripted}/v1/audio/speech", json=body("Hello."))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
    assert int(refused.headers["retry-after"]) > 0
    speaker.go.set()
    for thread, answers in threads:
        thread.join(60)
        assert answers[0].status_code == 200


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("A fault.", 500, "internal"),
        ("No memory.", 503, "internal"),
        ("\u00e9\u00e8 \u00e0.", 400, "invalid_request"),
    ],
)
def test_a_failure_of_the_first_sentence_has_a_status(
    scripted: str, text: str, status: int, code: str
) -> None:
    answer = httpx.post(f"{scripted}/v1/audio/speech", json=body(text))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert inside(scripted) == 0


def test_a_later_failure_cuts_the_audio_off(scripted: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{scripted}/v1/audio/speech", json=body("This is fine. This is a fault."))
    wait_until(lambda: inside(scripted) == 0, "its place is free")


def test_a_later_failure_is_an_event(scripted: str) -> None:
    answer = httpx.post(
        f"{scripted}/v1/audio/speech", json=body("This is fine. This is a fault.", stream_format="sse")
    )
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]
    assert events[0]["type"] == "speech.audio.delta"
    assert events[-1]["error"]["code"] == "internal"


def test_sentences_without_a_sound_are_passed_over_and_named(scripted: str, speaker: ScriptedSpeech) -> None:
    answer = httpx.post(
        f"{scripted}/v1/audio/speech", json=body("This is fine. \u05e9\u05dc\u05d5\u05dd. And this.")
    )
    assert answer.status_code == 200
    assert "\\u05e9" in answer.headers["x-spotscribe-left-out"]
    assert len(speaker.spoken) == 3
