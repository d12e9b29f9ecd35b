"""What a client of OpenAI's makes of our answers, told as JSON: runs in a process with the version to try.

`python -m spotscribe_testing.service.openai_client URL FILE`
"""

import json
import sys
from pathlib import Path
from typing import Any

import openai


def main(url: str, file: Path) -> dict[str, Any]:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=120)
    create: Any = client.audio.transcriptions.create
    # What only newer versions know by name goes beside it, as their documentation says.
    newest: dict[str, Any] = {"keywords": ["Spotscribe", "Dr. Hume"], "languages": ["en", "fr"]}
    chunking = {"type": "server_vad", "threshold": 0.4}
    if openai.VERSION.startswith("1."):
        newest = {"extra_body": {**newest, "chunking_strategy": chunking}}
    else:
        newest = {**newest, "chunking_strategy": chunking}
    today = create(model="gpt-transcribe", file=file, **newest)
    verbose = create(
        model="whisper-1",
        file=file,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    found: dict[str, Any] = {
        "version": openai.VERSION,
        "today": today.to_dict(),
        "json": create(model="whisper-1", file=file).text,
        "text": create(model="whisper-1", file=file, response_format="text"),
        "words": [word.word for word in verbose.words],
        "segments": [segment.text for segment in verbose.segments],
        "models": [model.id for model in client.models.list()],
        "model": client.models.retrieve("whisper-1").id,
    }
    try:
        create(model="large-v9", file=file)
    except openai.NotFoundError as error:
        found["refusal"] = [error.code, error.param, str(error.request_id).startswith("req_")]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
