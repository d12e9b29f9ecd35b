"""The benchmark of Voxtral's throughput, on the CPU, with a model of two layers.

Run with `-m production` where requirements.production.txt is installed; `-s` shows the ratio.
"""

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.production


def test_as_many_tokens_are_written_in_batches_as_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from spotscribe_bench import voxtral_throughput
    from spotscribe_bench.report import Report
    from spotscribe_voxtral.engines.voxtral import VoxtralEngine

    # Other programs use this machine's processors: threads that wait for each other take ten times as long.
    torch.set_num_threads(1)
    batches: list[int] = []
    answer = VoxtralEngine.answer

    def watched(engine: VoxtralEngine, conversations: Any, *how: Any) -> Any:
        batches.append(len(conversations))
        return answer(engine, conversations, *how)

    monkeypatch.setattr(VoxtralEngine, "answer", watched)
    # It refuses a count of tokens that is not that of the load.
    voxtral_throughput.measure(tmp_path, Report(tmp_path / "report.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    found = lines[-1]["measured"]
    assert (found["windows"], found["tokens"]) == (6, 6 * 24)
    assert len(found["batched"]) == len(found["looped"]) == 3
    # Once to warm up, and then as much at once as fits: here all of it.
    assert batches == [1, 6, 6, 6]
    ratio = statistics.median(found["looped"]) / statistics.median(found["batched"])
    print(f"{found['shapes']}: batches beside a plain loop, {ratio:.2f} times as many tokens a second")


def test_an_answer_that_ends_early_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spotscribe_bench import voxtral_throughput
    from spotscribe_bench.report import Report

    monkeypatch.setattr(voxtral_throughput, "_batched", lambda *_: 6 * 24 - 1)
    with pytest.raises(RuntimeError, match="batched: 143 tokens were generated"):
        voxtral_throughput.measure(tmp_path, Report(tmp_path / "report.jsonl"))


def test_the_small_shape_has_the_real_ones_vocabulary() -> None:
    from spotscribe_bench.voxtral_model import real_shape, small_shape

    for value in ("audio_token_id", "text_config.vocab_size", "audio_config.num_mel_bins"):
        small, real = small_shape(), real_shape()
        for name in value.split("."):
            small, real = getattr(small, name), getattr(real, name)
        assert small == real


def test_an_analysis_asks_at_once_what_is_compared_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from spotscribe_bench import voxtral_tasks
    from spotscribe_bench.report import Report
    from spotscribe_bench.voxtral_model import small_shape
    from spotscribe_voxtral.engines.sharing import reading
    from spotscribe_voxtral.engines.sharing.prefixes import prefixes_of

    torch.set_num_threads(1)
    batches: list[tuple[int, int]] = []

    def watched(prompts: Any, audio_token: int) -> Any:
        found = prefixes_of(prompts, audio_token)
        batches.append((len(prompts), len(found.distinct)))
        return found

    monkeypatch.setattr(reading, "prefixes_of", watched)
    load = voxtral_tasks.Load("a Voxtral of two layers", small_shape, 4.0, 3)
    voxtral_tasks.measure(tmp_path, Report(tmp_path / "report.jsonl"), load)
    found = json.loads((tmp_path / "report.jsonl").read_text().splitlines()[-1])["measured"]
    assert found["prompts"] == 7
    assert [len(found[way]) for way in ("single", "apart", "shared")] == [3, 3, 3]
    # Seven prompts: about as many windows, about the same one, and one by one.
    assert batches[1:10] == [(7, 7), (7, 1), *[(1, 1)] * 7]
