"""Compares many concurrent requests of one text with one request of all texts.

The order changes with each round, so that other load affects both.
"""

import asyncio
import json
import resource
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from spotscribe_bench.embeddings.client import Connection, connected
from spotscribe_bench.embeddings.service import Running, embeddings_service
from spotscribe_bench.embeddings.texts import lengths, short_texts, write_model
from spotscribe_bench.report import Report
from spotscribe_bench.resident import processor_seconds
from spotscribe_bench.sizes import size

_WARM_UP = 50
# A name that every deployed model has.
ALIAS = "text-embedding-3-small"


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of both ways in each round, also of the processor, and the failed requests."""
    compare(write_model(folder / "models"), folder, report)


def compare(weights: Path, folder: Path, report: Report) -> None:
    """As `measure`, with any model.

    Args:
        weights: the model, below the folder's `models`.
        folder: for the service.
        report: what is told.
    """
    number, rounds = size("BENCH_REQUESTS", 1000), size("BENCH_ROUNDS", 5)
    (folder / "shared").mkdir()
    texts = short_texts(weights, number)
    _allow_open_files(2 * number + 200)
    report.say("loading the service")
    with embeddings_service(folder, weights.name) as service:
        found = asyncio.run(_in_turns(service, texts, rounds, report))
    report.measured({"requests": number, "tokens": lengths(weights, texts), **found})


async def _in_turns(service: Running, texts: list[str], rounds: int, report: Report) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {"single": [], "batched": []}
    processor: dict[str, list[float]] = {"single": [], "batched": []}
    failed = 0
    # Clients keep connections open, so opening them is not measured.
    async with connected(service.url, len(texts)) as connections:
        await _single(connections[:_WARM_UP], texts[:_WARM_UP])
        await _batched(connections[0], texts[:_WARM_UP])
        for turn in range(rounds):
            for name in sorted(seconds, reverse=turn % 2 == 0):
                began, used = time.monotonic(), processor_seconds(service.pid)
                if name == "single":
                    failed += await _single(connections, texts)
                else:
                    await _batched(connections[0], texts)
                seconds[name].append(time.monotonic() - began)
                processor[name].append(processor_seconds(service.pid) - used)
                report.say(f"round {turn + 1}/{rounds}: {name} {seconds[name][-1]:.2f} s")
    return {**seconds, "processor": processor, "failed_share": failed / (rounds * len(texts))}


async def _single(connections: list[Connection], texts: list[str]) -> int:
    """Posts each text on a connection of its own, all at the same time; returns the failures."""
    answers = await asyncio.gather(
        *(each.post(_body(text)) for each, text in zip(connections, texts, strict=True)),
        return_exceptions=True,
    )
    return sum(1 for answer in answers if isinstance(answer, BaseException) or not _has(answer, 1))


async def _batched(connection: Connection, texts: list[str]) -> None:
    """Posts all texts at once.

    Raises:
        RuntimeError: the answer is not one vector for each.
    """
    answer = await connection.post(_body(texts))
    if not _has(answer, len(texts)):
        raise RuntimeError(f"The service answered {answer[0]}: {answer[1][:500]!r}")


def _body(texts: str | list[str]) -> bytes:
    # Base64, as OpenAI's client asks for it.
    return json.dumps({"model": ALIAS, "input": texts, "encoding_format": "base64"}).encode()


def _has(answer: tuple[int, bytes], vectors: int) -> bool:
    status, body = answer
    return status == HTTPStatus.OK and body.count(b'"embedding":') == vectors


def _allow_open_files(number: int) -> None:
    """Raises the limit of this process and of the service that it starts: a connection is a file to both."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
