"""What a client of OpenAI's makes of our vectors, told as JSON: runs in a process with the version to try.

`python -m spotscribe_testing.service.openai_embeddings URL [KEY]`
"""

import json
import sys
from typing import Any

import openai


def main(url: str, key: str = "unused") -> dict[str, Any]:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=120)
    answer = client.embeddings.create(
        model="text-embedding-3-small",
        input=["A cat on a mat", "A kitten on a rug", "Net income"],
    )
    cat, kitten, income = [entry.embedding for entry in answer.data]
    found: dict[str, Any] = {
        "version": openai.VERSION,
        "dimensions": len(cat),
        "tokens": answer.usage.total_tokens,
        "similar": sum(one * other for one, other in zip(cat, kitten, strict=True)),
        "other": sum(one * other for one, other in zip(cat, income, strict=True)),
    }
    try:
        client.embeddings.create(model="text-embedding-3-small", input=[""])
    except openai.BadRequestError as error:
        found["refusal"] = [error.code, error.param]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
