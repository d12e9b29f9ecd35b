"""Work that takes seconds for a transcript of hours leaves the event loop free: `/health` is answered."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import httpx
import pytest

from spotscribe_whisper.formats import openai as shapes
from spotscribe_whisper.routes import openai, openai_events
from spotscribe_whisper.settings import Settings


@pytest.mark.parametrize(
    ("module", "renderer", "fields"),
    [
        (openai, "srt", {"response_format": "srt"}),
        (openai, "vtt", {"response_format": "vtt"}),
        (shapes, "verbose", {"response_format": "verbose_json"}),
        (shapes, "diarized", {"response_format": "diarized_json"}),
        (openai_events, "diarized_segments", {"response_format": "diarized_json", "stream": "true"}),
    ],
)
def test_health_is_answered_while_an_answer_is_rendered(
    module: ModuleType,
    renderer: str,
    fields: dict[str, str],
    url: str,
    audio: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    render = getattr(module, renderer)
    rendering, may_end = threading.Event(), threading.Event()

    def slowly(*asked: Any, **options: Any) -> Any:
        rendering.set()
        assert may_end.wait(20), "nothing was answered meanwhile"
        return render(*asked, **options)

    monkeypatch.setattr(module, renderer, slowly)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(
            httpx.post,
            f"{url}/v1/audio/transcriptions",
            data=fields,
            files={"file": (settings.shared_audio / audio).read_bytes()},
            timeout=600,
        )
        assert rendering.wait(20)
        try:
            assert httpx.get(f"{url}/health", timeout=600).status_code == 200
        finally:
            may_end.set()
        assert answer.result().status_code == 200
        assert "de0" in answer.result().text
