"""A wav2vec2 of a few kilobytes: its times are of no worth, but it runs through the real alignment."""

import json
from pathlib import Path

# The alphabet of the usual English aligners: no digits.
_CHARACTERS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'")
_WIDTH = 16


def tiny_aligner(directory: Path) -> None:
    """Writes a model directory that `whisperx.load_align_model` loads."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    directory.mkdir(parents=True)
    vocabulary = directory / "vocab.json"
    vocabulary.write_text(json.dumps({character: number for number, character in enumerate(_CHARACTERS)}))
    tokenizer = Wav2Vec2CTCTokenizer(
        str(vocabulary), pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        word_delimiter_token="|", do_lower_case=True,
    )  # fmt: skip
    features = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)
    Wav2Vec2Processor(feature_extractor=features, tokenizer=tokenizer).save_pretrained(directory)
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=len(_CHARACTERS),
        hidden_size=_WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=_WIDTH,
        conv_dim=(_WIDTH,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    Wav2Vec2ForCTC(config).eval().save_pretrained(directory)
