"""An XTTS whose transformer is of kilobytes, with random weights: it speaks noise of the right shape.

Its decoder and its speaker encoder have no smaller size than the real ones: 76 MB.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

SPEAKERS = ("Claribel Dervla", "Damien Black", "Camilla Holmström")
WIDTH = 64
_AUDIO_TOKENS = 260
_START, _STOP = 258, 259
# Logit of the token that ends a speech, so that most end after some tokens.
_END = 3.0
# Codes of the languages as XTTS has them.
_LANGUAGES = (
    "en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi",
)  # fmt: skip
_LETTERS = " abcdefghijklmnopqrstuvwxyz0123456789äöüßéèñç.,;:!?'-"


def tiny_xtts(folder: Path) -> None:
    """Writes `config.json`, `model.pth`, `vocab.json` and `speakers_xtts.pth`.

    As in the real model's file, the configuration is in `model.pth` too, as objects.
    """
    import torch
    from TTS.tts.models.xtts import Xtts

    folder.mkdir(parents=True, exist_ok=True)
    _vocabulary().save(str(folder / "vocab.json"))
    torch.manual_seed(3)
    config = _config()
    model = Xtts(config)
    model.tokenizer.tokenizer = _vocabulary()
    model.init_models()
    with torch.no_grad():
        for name, weights in model.gpt.named_parameters():
            # With weights as small as at the start of a training, every text would sound the same.
            if weights.ndim == 2 and "pos_embedding" not in name:
                weights.copy_(torch.randn_like(weights) / weights.shape[-1] ** 0.5)
        model.gpt.mel_head.bias[_STOP] = _END
    with _old_names():
        torch.save({"config": config, "model": model.state_dict()}, folder / "model.pth")
    (folder / "config.json").write_text(json.dumps(asdict(config)))
    torch.save({name: _speaker() for name in SPEAKERS}, folder / "speakers_xtts.pth")


def _config() -> Any:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    return XttsConfig(
        model_args=XttsArgs(
            gpt_max_audio_tokens=40,
            gpt_layers=2,
            gpt_n_model_channels=WIDTH,
            gpt_n_heads=2,
            gpt_num_audio_tokens=_AUDIO_TOKENS,
            gpt_start_audio_token=_START,
            gpt_stop_audio_token=_STOP,
            gpt_use_perceiver_resampler=True,
            decoder_input_dim=WIDTH,
        )
    )


def _vocabulary() -> Any:
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    special = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{code}]" for code in _LANGUAGES), "[START]"]
    tokens = [*special, *_LETTERS, *map(chr, range(0x430, 0x450))]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, [], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def _speaker() -> dict[str, Any]:
    import torch

    return {
        "gpt_cond_latent": torch.randn(1, 32, WIDTH),
        "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
    }


@contextmanager
def _old_names() -> Iterator[None]:
    """Names two classes as they were when the real file was written."""
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig

    kinds = (XttsArgs, XttsAudioConfig)
    now = XttsArgs.__module__
    for kind in kinds:
        kind.__module__ = "TTS.tts.models.xtts"
    try:
        yield
    finally:
        for kind in kinds:
            kind.__module__ = now
