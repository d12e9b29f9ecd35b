"""Compares a corpus job of the service with `encode` of sentence-transformers: same texts, same weights."""

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from spotscribe_bench.embeddings.service import Running, embeddings_service
from spotscribe_bench.embeddings.texts import lengths, short_texts, write_model
from spotscribe_bench.report import Report
from spotscribe_bench.resident import forget_peak, memory, processor_seconds
from spotscribe_bench.sizes import size

# The rounds take a part of the rows: they must be repeated, and all rows take many minutes on a processor.
_PART = 10
# Vectors of single precision differ by the composition of their batches.
_MOST_DIFFERENCE = 1e-4
_REQUEST_SECONDS = 7200.0
_MB = 1e6


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of both in each round, and the service's peaks of memory."""
    rows, rounds = size("BENCH_ROWS", 100_000), size("BENCH_ROUNDS", 3)
    part = max(1, rows // _PART)
    weights = write_model(folder / "models")
    shared = folder / "shared"
    shared.mkdir()
    texts = short_texts(weights, rows)
    _write(shared / "all.jsonl", texts)
    _write(shared / "part.jsonl", texts[:part])
    report.say("loading sentence-transformers and the service")
    bare = _Bare(weights)
    with embeddings_service(folder) as service:
        loaded = memory(service.pid, "VmRSS")
        forget_peak(service.pid)
        times = _in_turns(bare, service, texts[:part], rounds, report)
        few = memory(service.pid, "VmHWM")
        report.say(f"peak of {few / _MB:.0f} MB with {part} rows; now all {rows}")
        service_all = _job(service.url, "all.jsonl", rows)[0]
        many = memory(service.pid, "VmHWM")
    report.say(f"{service_all:.1f} s, peak of {many / _MB:.0f} MB; now with sentence-transformers")
    bare_all = bare.encode(texts)[0]
    report.measured(
        {
            "rows": rows,
            "part": part,
            "tokens": lengths(weights, texts[:part]),
            **times,
            "all": {"bare": bare_all, "service": service_all},
            "memory": {"loaded": loaded, "part": few, "all": many},
        }
    )


class _Bare:
    """The library as its README describes, with its defaults."""

    def __init__(self, weights: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(weights), local_files_only=True)

    def encode(self, texts: list[str]) -> tuple[float, Any]:
        """Seconds, without reading and writing files, and the vectors."""
        began = time.monotonic()
        vectors = self._model.encode(texts, show_progress_bar=False)
        return time.monotonic() - began, vectors


def _in_turns(bare: _Bare, service: Running, texts: list[str], rounds: int, report: Report) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {"bare": [], "service": []}
    processor: dict[str, list[float]] = {"bare": [], "service": []}
    pids = {"bare": os.getpid(), "service": service.pid}
    vectors: dict[str, Any] = {}
    bare.encode(texts[:100])
    for turn in range(rounds):
        # Alternates who is first, so that other load of the machine affects both.
        for name in sorted(seconds, reverse=turn % 2 == 1):
            began = processor_seconds(pids[name])
            if name == "bare":
                took, vectors[name] = bare.encode(texts)
            else:
                took, vectors[name] = _job(service.url, "part.jsonl", len(texts))
            seconds[name].append(took)
            processor[name].append(processor_seconds(pids[name]) - began)
            report.say(f"round {turn + 1}/{rounds}: {name} {took:.1f} s")
    difference = float(np.abs(vectors["bare"] - vectors["service"]).max())
    if difference > _MOST_DIFFERENCE:
        raise RuntimeError(f"The vectors of both differ by {difference}. The times are of different work.")
    return {**seconds, "processor": processor}


def _job(url: str, name: str, rows: int) -> tuple[float, Any]:
    """Seconds of a corpus job, with reading the corpus and writing the files, and the vectors.

    Raises:
        RuntimeError: the job failed, or rows are missing.
    """
    files: list[bytes] = []
    event: dict[str, Any] = {}
    began = time.monotonic()
    with httpx.stream("POST", f"{url}/embed", json={"path": name}, timeout=_REQUEST_SECONDS) as answer:
        # Empty lines keep the connection open.
        for line in filter(None, answer.iter_lines()):
            event = json.loads(line)
            if event["type"] == "part":
                files.append(base64.b64decode(event["data"]))
    took = time.monotonic() - began
    if event.get("type") != "result" or event["totals"]["rows"] != rows or event["totals"]["failed_rows"]:
        raise RuntimeError(f"The job over {rows} rows ended with {str(event)[:500]}")
    return took, np.concatenate([_vectors(file) for file in files])


def _vectors(file: bytes) -> Any:
    return np.array([json.loads(line)["embedding"] for line in file.splitlines()], dtype=np.float32)


def _write(corpus: Path, texts: list[str]) -> None:
    corpus.write_text(
        "".join(f"{json.dumps({'id': str(n), 'text': text})}\n" for n, text in enumerate(texts))
    )
