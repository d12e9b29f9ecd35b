"""`POST /embed`: a corpus on the shared volume becomes files of vectors."""

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotscribe_embeddings.settings import Settings
from spotscribe_testing.models.scripted_texts import DIMENSIONS, ScriptedTexts
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

PART_ROWS = 10


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"part_bytes": PART_ROWS * 4 * DIMENSIONS})


@pytest.fixture
def shared(settings: Settings) -> Path:
    return settings.shared_audio


def corpus(shared: Path, lines: list[Any]) -> str:
    (shared / "corpus").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "corpus"


def embed(url: str, path: str = "corpus", **more: Any) -> list[dict[str, Any]]:
    answer = httpx.post(f"{url}/embed", json={"path": path, **more}, timeout=300)
    assert answer.status_code == 200, answer.text
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    for event in events:
        check("EmbedEvent", event)
    return events


def failure(url: str, **more: Any) -> dict[str, Any]:
    [*_, last] = embed(url, **more)
    assert last["type"] == "error"
    found: dict[str, Any] = last["error"]
    return found


def written(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of all JSONL parts."""
    parts = [base64.b64decode(event["data"]) for event in events if event["type"] == "part"]
    return [json.loads(line) for part in parts for line in part.splitlines()]


def test_each_row_is_in_the_parts_once_in_order_with_its_vector(scripted: str, shared: Path) -> None:
    corpus(shared, [{"id": f"r{n}", "text": f"w{n % 100} w{n % 7}"} for n in range(57)])
    events = embed(scripted)
    rows = written(events)
    assert [row["row"] for row in rows] == [*range(1, 58)]
    assert [row["id"] for row in rows] == [f"r{n}" for n in range(57)]
    asked = httpx.post(
        f"{scripted}/v1/embeddings",
        json={"model": "counts", "input": [f"w{n % 100} w{n % 7}" for n in range(57)]},
    ).json()
    for row, entry in zip(rows, asked["data"], strict=True):
        assert row["embedding"] == pytest.approx(entry["embedding"], abs=1e-6)
        assert row["tokens"] == 4
    assert [event["type"] for event in events] == ["started", *["part"] * 6, "result"]
    assert [event["rows"] for event in events[1:-1]] == [10, 10, 10, 10, 10, 7]
    progress = [event["progress"] for event in events[1:-1]]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    totals = {"rows": 57, "failed_rows": 0, "truncated_rows": 0, "tokens": 57 * 4, "failures": []}
    source = {"engine": {"name": "scripted", "model": "counts"}, "dimensions": 8, "format": "jsonl"}
    assert events[-1] == {"type": "result", **source, "totals": totals, "degraded": []}


def test_parquet_in_is_parquet_out(scripted: str, shared: Path) -> None:
    texts = [f"w{n}" for n in range(25)]
    pq.write_table(pa.table({"body": texts, "key": [*range(25)]}), shared / "corpus", row_group_size=8)
    events = embed(scripted, column="body", id_column="key")
    tables = [
        pq.read_table(io.BytesIO(base64.b64decode(each["data"]))) for each in events if each["type"] == "part"
    ]
    table = pa.concat_tables(tables)
    assert table.column_names == ["row", "id", "embedding", "tokens", "truncated"]
    assert table.column("id").to_pylist() == [str(n) for n in range(25)]
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), DIMENSIONS)
    vectors = np.array(table.column("embedding").to_pylist())
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(25))
    # The other format on request, with the same vectors.
    rows = written(embed(scripted, column="body", format="jsonl"))
    assert np.array([row["embedding"] for row in rows]) == pytest.approx(vectors, abs=1e-6)


def test_rows_that_fail_are_told_and_the_rest_goes_on(scripted: str, shared: Path) -> None:
    lines: list[Any] = [{"text": f"w{n}"} for n in range(30)]
    lines[4], lines[11], lines[20], lines[28] = {"x": 1}, "bad", [5, 999_999], {"text": "w1 " * 40}
    corpus(shared, lines)
    events = embed(scripted)
    totals = events[-1]["totals"]
    assert (totals["rows"], totals["failed_rows"], totals["truncated_rows"]) == (30, 3, 1)
    assert [failed["row"] for failed in totals["failures"]] == [5, 12, 21]
    reasons = [failed["reason"] for failed in totals["failures"]]
    assert "no field 'text'" in reasons[0]
    assert "not finite" in reasons[1]
    assert "999999 is not a token id" in reasons[2]
    rows = written(events)
    assert [row["row"] for row in rows] == [n for n in range(1, 31) if n not in {5, 12, 21}]
    assert [row["row"] for row in rows if row.get("truncated")] == [29]
    assert [missing["stage"] for missing in events[-1]["degraded"]] == ["truncation", "embedding"]
    # Or not cut, but failed.
    failed = embed(scripted, truncate=False)[-1]["totals"]
    assert [each["row"] for each in failed["failures"]] == [5, 12, 21, 29]
    assert "42 tokens" in failed["failures"][-1]["reason"]


def test_only_the_first_thousand_failures_are_listed(scripted: str, shared: Path) -> None:
    corpus(shared, [*([{"x": 1}] * 1500), "w1"])
    totals = embed(scripted)[-1]["totals"]
    assert (totals["rows"], totals["failed_rows"], len(totals["failures"])) == (1501, 1500, 1000)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"x": 1}, {"x": 2}], "None of the 2 rows can be embedded. Row 1: "),
        ([], "is empty"),
    ],
)
def test_a_corpus_without_a_usable_row_fails(
    scripted: str, shared: Path, lines: list[Any], words: str
) -> None:
    corpus(shared, lines)
    error = failure(scripted)
    assert (error["code"], words in error["message"]) == ("invalid_request", True)


def test_blank_lines_alone_are_no_rows(scripted: str, shared: Path) -> None:
    (shared / "corpus").write_text("\n\n \n")
    assert "no rows" in failure(scripted)["message"]


def test_shorter_vectors_where_the_model_allows_it(scripted: str, shared: Path) -> None:
    corpus(shared, ["w1 w2 w3 w4"])
    [row] = written(embed(scripted, dimensions=4))
    assert len(row["embedding"]) == 4
    assert np.linalg.norm(row["embedding"]) == pytest.approx(1)
    answer = httpx.post(f"{scripted}/embed", json={"path": "corpus", "dimensions": 5})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "dimensions")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "nothing"}, 404, "source_not_found"),
        ({"path": "../corpus"}, 403, "source_forbidden"),
        ({"path": ""}, 400, "invalid_request"),
        ({"path": "corpus", "column": ""}, 400, "invalid_request"),
        ({"path": "corpus", "format": "csv"}, 400, "invalid_request"),
        ({"path": "corpus", "more": 1}, 400, "invalid_request"),
    ],
)
def test_a_bad_request_is_refused_at_once(
    scripted: str, shared: Path, body: dict[str, Any], status: int, code: str
) -> None:
    corpus(shared, ["w1"])
    answer = httpx.post(f"{scripted}/embed", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


class TestResumed:
    def test_any_part_can_be_the_last_one(self, scripted: str, shared: Path) -> None:
        lines: list[Any] = [{"text": f"w{n}"} for n in range(45)]
        lines[7], lines[33] = {"x": 1}, {"x": 1}
        corpus(shared, lines)
        whole = embed(scripted)
        started = {key: value for key, value in whole[0].items() if key != "type"}
        parts = whole[1:-1]
        for done in range(1, len(parts)):
            earlier = {**started, "totals": parts[done - 1]["totals"]}
            rest = embed(scripted, earlier=earlier)
            assert written([*parts[:done], *rest]) == written(whole)
            assert rest[-1] == whole[-1]

    def test_another_model_must_start_again(self, scripted: str, shared: Path) -> None:
        corpus(shared, ["w1"] * 20)
        [started, part, *_] = embed(scripted)
        earlier = {**started, "totals": part["totals"], "engine": {"name": "scripted", "model": "other"}}
        del earlier["type"]
        error = failure(scripted, earlier=earlier)
        assert (error["code"], "Start again" in error["message"]) == ("invalid_request", True)


def test_requests_come_before_a_corpus(scripted: str, model: ScriptedTexts, shared: Path) -> None:
    corpus(shared, [f"w{n % 90}" for n in range(3000)])
    with ThreadPoolExecutor(2) as pool:
        model.go.clear()
        running = pool.submit(embed, scripted)
        wait_until(lambda: httpx.get(f"{scripted}/health").json()["queue"]["inside"] == 1, "it is inside")
        asked = pool.submit(
            httpx.post, f"{scripted}/v1/embeddings", json={"model": "counts", "input": "w99"}, timeout=60
        )
        wait_until(lambda: httpx.get(f"{scripted}/health").json()["queue"]["inside"] == 2, "both are")
        model.go.set()
        assert asked.result().status_code == 200
        assert running.result()[-1]["totals"]["rows"] == 3000
    place = next(at for at, (texts, _) in enumerate(model.asked) if len(texts) == 1 and texts[0][1] == 102)
    assert place <= 3, "it waited for most of the corpus"


def test_a_client_that_leaves_ends_the_work_and_its_program(
    scripted: str, model: ScriptedTexts, shared: Path
) -> None:
    corpus(shared, ["w1"] * 100_000)
    with httpx.stream("POST", f"{scripted}/embed", json={"path": "corpus"}, timeout=60) as answer:
        lines = (line for line in answer.iter_lines() if line)
        assert json.loads(next(lines))["type"] == "started"
        assert json.loads(next(lines))["type"] == "part"
    wait_until(lambda: httpx.get(f"{scripted}/health").json()["queue"]["inside"] == 0, "it has ended")
    done = sum(len(texts) for texts, _ in model.asked)
    assert done < 100_000
    assert httpx.post(f"{scripted}/v1/embeddings", json={"model": "counts", "input": "w1"}).status_code == 200


def test_a_client_that_reads_slowly_holds_up_the_work_and_not_the_memory(
    scripted: str, model: ScriptedTexts, shared: Path
) -> None:
    # 8 MB of answer: more than the sockets between the two hold.
    corpus(shared, ["w1"] * 60_000)
    with httpx.stream("POST", f"{scripted}/embed", json={"path": "corpus"}, timeout=60) as answer:
        lines = (line for line in answer.iter_lines() if line)
        next(lines)
        counts: list[int] = []

        def settled() -> bool:
            counts.append(sum(len(texts) for texts, _ in model.asked))
            return len(counts) > 100 and counts[-1] == counts[-100]

        wait_until(settled, "the work waits")
        assert counts[-1] < 50_000
        assert json.loads([*lines][-1])["totals"]["rows"] == 60_000


class TestAsAProcess:
    @pytest.fixture
    def running(self, tmp_path: Path, shared: Path) -> Iterator[tuple[Any, str]]:
        environment = {
            "EMBEDDING_ENGINE": "minilm",
            "SHARED_AUDIO": str(shared),
            "TMPDIR": str(tmp_path / "scratch"),
            "PART_BYTES": str(100 * 4 * 384),
            "STOP_SECONDS": "4",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0a1b2c3d",
        }
        with service_process("spotscribe_embeddings", environment, tmp_path / "log") as running:
            wait_until(lambda: answers_ok(running[1]), "the model has loaded")
            yield running

    def test_real_vectors_of_a_corpus_and_a_clean_stop(
        self, running: tuple[Any, str], shared: Path, tmp_path: Path
    ) -> None:
        process, url = running
        assert not [*(tmp_path / "scratch").iterdir()], "the converted weights are still there"
        corpus(shared, [f"Sentence number {n} of the corpus." for n in range(250)])
        events = embed(url)
        assert [event["rows"] for event in events[1:-1]] == [100, 100, 50]
        body = {"model": "all-MiniLM-L6-v2", "input": "Sentence number 77 of the corpus."}
        asked = httpx.post(f"{url}/v1/embeddings", json=body).json()["data"][0]["embedding"]
        assert written(events)[77]["embedding"] == pytest.approx(asked, abs=1e-5)
        process.terminate()
        assert process.wait(timeout=60) == 0

    def test_ten_times_the_rows_need_no_more_memory(self, running: tuple[Any, str], shared: Path) -> None:
        process, url = running

        def peak() -> int:
            status = Path(f"/proc/{process.pid}/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0]) << 10

        corpus(shared, ["a b"] * 400)
        embed(url)
        before = peak()
        corpus(shared, ["a b"] * 4000)
        embed(url)
        assert peak() - before < 32 << 20
