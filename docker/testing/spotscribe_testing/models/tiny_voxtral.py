"""A Voxtral of kilobytes that Transformers and mistral-common load, and one that says a known text."""

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# The numbers of the control tokens that prompts are made with, as in Mistral's own vocabularies.
_CONTROL = {
    "<unk>": 0, "<s>": 1, "</s>": 2, "[INST]": 3, "[/INST]": 4, "[AVAILABLE_TOOLS]": 5,
    "[/AVAILABLE_TOOLS]": 6, "[TOOL_RESULTS]": 7, "[/TOOL_RESULTS]": 8, "[TOOL_CALLS]": 9, "<pad>": 11,
    "[PREFIX]": 14, "[MIDDLE]": 15, "[SUFFIX]": 16, "[SYSTEM_PROMPT]": 17, "[/SYSTEM_PROMPT]": 18,
    "[TOOL_CONTENT]": 19, "[AUDIO]": 24, "[BEGIN_AUDIO]": 25, "[TRANSCRIBE]": 34,
}  # fmt: skip
_CONTROL_TOKENS = 40
_END = _CONTROL["</s>"]
# What stands last in a prompt: of a conversation, and of a transcription.
_LAST_OF_PROMPT = (_CONTROL["[/INST]"], _CONTROL["[TRANSCRIBE]"])
_BYTES = [bytes([value]) for value in range(256)]
_WIDTH = 64
_MEL_BINS = 128


def tiny_voxtral(directory: Path, shard_size: str = "5GB") -> None:
    """Writes a model that says anything; with a small `shard_size` its weights are in several files.

    It minds what it hears and reads: other audio or another prompt make it say something else.
    """
    import torch

    model = _model(vocabulary=_CONTROL_TOKENS + len(_BYTES))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            # Weights as small as those that training begins with leave the words before without a weight.
            if weights.ndim > 1 and "embed_positions" not in name:
                weights.copy_(torch.randn_like(weights) / weights[0].numel() ** 0.5)
        # Only what can be printed is likely, so that a test that fails says so in letters.
        said = torch.zeros(_CONTROL_TOKENS + len(_BYTES), 1)
        said[_CONTROL_TOKENS + ord(" ") : _CONTROL_TOKENS + ord("~")] = 1
        model.language_model.lm_head.weight *= said
    _save(model, _BYTES, directory, shard_size)


def scripted_voxtral(directory: Path, text: str) -> None:
    """Writes a model that answers `text`, whatever it is asked and hears."""
    pieces = unique_pieces(text.encode())
    tokens = [*_BYTES, *(piece for piece in pieces if len(piece) > 1)]
    model = _model(vocabulary=_CONTROL_TOKENS + len(tokens))
    _script(model, [_CONTROL_TOKENS + tokens.index(piece) for piece in pieces])
    _save(model, tokens, directory)


def change_weights(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the weights of such a model, which it has in one file, by their names."""
    from safetensors.torch import load_file, save_file

    file = directory / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file(weights, file, metadata={"format": "pt"})


def unique_pieces(text: bytes) -> list[bytes]:
    """Cuts a text into short pieces of which none comes twice: each piece then tells what follows it."""
    pieces: list[bytes] = []
    start = 0
    while start < len(text):
        end = start + 1
        while text[start:end] in pieces and end < len(text):
            end += 1
        piece = text[start:end]
        # The end of the text may have been said before; with the piece before it, it has not.
        while piece in pieces:
            piece = pieces.pop() + piece
        pieces.append(piece)
        start = end
    return pieces


def _model(vocabulary: int) -> Any:
    import torch
    from transformers import VoxtralConfig, VoxtralForConditionalGeneration

    torch.manual_seed(0)
    return VoxtralForConditionalGeneration(
        VoxtralConfig(
            audio_config={
                "model_type": "voxtral_encoder", "vocab_size": vocabulary, "hidden_size": 16,
                "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
                "num_mel_bins": _MEL_BINS, "max_source_positions": 1500,
            },
            text_config={
                "model_type": "llama", "vocab_size": vocabulary, "hidden_size": _WIDTH,
                "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 131_072,
                "rope_theta": 1e8, "bos_token_id": _CONTROL["<s>"], "eos_token_id": _END,
                "pad_token_id": _CONTROL["<pad>"],
            },
            audio_token_id=_CONTROL["[AUDIO]"],
        )
    ).eval()  # fmt: skip


def _script(model: Any, said: Sequence[int]) -> None:
    """Silences every layer, so that the last token alone decides which one comes next."""
    import torch

    with torch.no_grad():
        for layer in model.language_model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        tokens = model.language_model.model.embed_tokens.weight
        tokens.copy_(torch.nn.functional.normalize(torch.randn_like(tokens), dim=1))
        for token in _LAST_OF_PROMPT:
            tokens[token] = tokens[_LAST_OF_PROMPT[0]]
        heads = model.language_model.lm_head.weight
        heads.zero_()
        for token, following in zip([_LAST_OF_PROMPT[0], *said], [*said, _END], strict=True):
            # So much likelier than all others that drawing at random takes it too.
            heads[following] = 50 * tokens[token]


def _save(model: Any, tokens: Sequence[bytes], directory: Path, shard_size: str = "5GB") -> None:
    from transformers import WhisperFeatureExtractor

    directory.mkdir(parents=True)
    model.save_pretrained(directory, max_shard_size=shard_size)
    WhisperFeatureExtractor(feature_size=_MEL_BINS).save_pretrained(directory)
    names = {number: name for name, number in _CONTROL.items()}
    (directory / "tekken.json").write_text(
        json.dumps(
            {
                "config": {
                    "pattern": r"[^\s]+|\s+",
                    "num_vocab_tokens": len(tokens),
                    "default_vocab_size": _CONTROL_TOKENS + len(tokens),
                    "default_num_special_tokens": _CONTROL_TOKENS,
                    "version": "v7",
                },
                "vocab": [
                    {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
                    for rank, token in enumerate(tokens)
                ],
                "special_tokens": [
                    {"rank": rank, "token_str": names.get(rank, f"<SPECIAL_{rank}>"), "is_control": True}
                    for rank in range(_CONTROL_TOKENS)
                ],
                "audio": {
                    "sampling_rate": 16_000,
                    "frame_rate": 12.5,
                    "audio_encoding_config": {
                        "num_mel_bins": _MEL_BINS,
                        "hop_length": 160,
                        "window_size": 400,
                    },
                    "chunk_length_s": 30.0,
                },
            }
        )
    )
