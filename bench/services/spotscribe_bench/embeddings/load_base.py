"""Compares concurrent requests with one request, as `load` does, with a model of usual size.

A BERT of 110 million parameters takes several times as long for a text as MiniLM. Its weights are
random, which does not change its speed.
"""

import shutil
from pathlib import Path

from spotscribe_bench.embeddings.load import compare
from spotscribe_bench.embeddings.texts import write_model
from spotscribe_bench.report import Report

_NAME = "bert-base"
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def measure(folder: Path, report: Report) -> None:
    """Reports what `load` reports."""
    report.say("making the model")
    compare(_write_base(folder / "models"), folder, report)


def _write_base(models: Path) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    tokenizer = write_model(models)
    encoder = models / "encoder"
    torch.manual_seed(1)
    # Transformers' default is the architecture of bert-base-uncased, whose vocabulary MiniLM has.
    BertModel(BertConfig()).save_pretrained(encoder)
    for name in _TOKENIZER:
        shutil.copy(tokenizer / name, encoder)
    transformer = Transformer(str(encoder), max_seq_length=512)
    SentenceTransformer(modules=[transformer, Pooling(768)]).save(str(models / _NAME))
    return models / _NAME
