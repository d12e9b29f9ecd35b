"""A wav2vec2 whose times are of no worth, but it runs through the real alignment; its size may be real."""

import json
from dataclasses import dataclass
from pathlib import Path

# The alphabet of the usual English aligners: no digits.
_CHARACTERS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'")


@dataclass(frozen=True)
class AlignerShape:
    """How large the model is.

    Attributes:
        width: of the transformer's layers.
        layers: of the transformer.
        heads: attention heads of each layer.
        inner_width: of the feed-forward part of each layer.
        conv_width: channels of each of the seven convolutions that read the sound.
        position_width: samples of the convolution that tells positions.
        position_groups: groups of that convolution.
    """

    width: int = 16
    layers: int = 1
    heads: int = 2
    inner_width: int = 16
    conv_width: int = 16
    position_width: int = 16
    position_groups: int = 4


TINIEST = AlignerShape()
# As Meta has published it: the shape of whisperX's usual aligner for English.
WAV2VEC2_BASE = AlignerShape(768, 12, 12, 3072, 512, 128, 16)


def tiny_aligner(directory: Path, shape: AlignerShape = TINIEST) -> None:
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
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner_width,
        conv_dim=(shape.conv_width,) * 7,
        num_conv_pos_embeddings=shape.position_width,
        num_conv_pos_embedding_groups=shape.position_groups,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    Wav2Vec2ForCTC(config).eval().save_pretrained(directory)
