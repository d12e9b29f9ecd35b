"""An instructor of kilobytes: a T5 encoder whose pooling leaves out the instruction."""

import json
from pathlib import Path
from typing import Any

WORDS = ["<pad>", "</s>", "<unk>", *(f"w{number}" for number in range(60))]
WIDTH = 32
DIMENSIONS = 24


def tiny_instructor(folder: Path, *, scale: float = 1.0) -> None:
    """Writes the model.

    Args:
        folder: where.
        scale: of the attention's weights. With 300 their products exceed what float16 can hold, as those of a
            trained T5 do.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

    _transformer(folder / "encoder", scale)
    transformer = Transformer(str(folder / "encoder"), max_seq_length=32)
    pooling = Pooling(WIDTH, pooling_mode="mean", include_prompt=False)
    torch.manual_seed(5)
    dense = Dense(WIDTH, DIMENSIONS, bias=False, activation_function=torch.nn.Identity())
    SentenceTransformer(modules=[transformer, pooling, dense, Normalize()]).save(str(folder / "model"))


def _transformer(folder: Path, scale: float) -> None:
    import torch
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    torch.manual_seed(5)
    config = T5Config(
        vocab_size=len(WORDS), d_model=WIDTH, d_kv=16, d_ff=64, num_layers=2, num_heads=2, dropout_rate=0
    )
    model = T5EncoderModel(config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("SelfAttention.q.weight", "SelfAttention.k.weight")):
                weights.copy_(torch.randn_like(weights) * scale)
    model.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(),
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "t5"


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer
