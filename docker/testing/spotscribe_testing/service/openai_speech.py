"""What a client of OpenAI's makes of our speech, told as JSON: runs in a process with the version to try.

`python -m spotscribe_testing.service.openai_speech URL [KEY]`
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import openai

TEXT = "Hello there. This sentence is spoken by a machine."


def main(url: str, key: str = "unused") -> dict[str, Any]:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=120)
    asked: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": TEXT}
    whole = client.audio.speech.create(**asked, response_format="wav", speed=1.5)
    found: dict[str, Any] = {"version": openai.VERSION, "begins": whole.content[:4].decode()}
    with client.audio.speech.with_streaming_response.create(**asked) as streamed:
        with tempfile.TemporaryDirectory() as folder:
            streamed.stream_to_file(Path(folder) / "speech.mp3")
            found["bytes"] = (Path(folder) / "speech.mp3").stat().st_size
        found["type"] = streamed.headers["content-type"]
    # What only newer clients know by name goes beside it, as their documentation says.
    more: dict[str, Any] = {"extra_body": {"stream_format": "sse", "instructions": "Speak gladly."}}
    with client.audio.speech.with_streaming_response.create(**asked, **more) as events:
        lines = [json.loads(line.removeprefix("data: ")) for line in events.iter_lines() if line]
        found["ignored"] = events.headers["x-spotscribe-ignored"]
    found["events"] = [lines[0]["type"], lines[-1]["type"]]
    found["usage"] = lines[-1]["usage"]
    try:
        client.audio.speech.create(**{**asked, "voice": "nobody"})
    except openai.BadRequestError as error:
        found["refusal"] = [error.code, error.param]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
