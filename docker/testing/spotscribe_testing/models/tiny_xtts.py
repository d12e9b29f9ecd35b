"""An XTTS whose transformer is of kilobytes, with random weights: it speaks noise of the right shape.

Its decoder and its speaker encoder have no smaller size than the real ones: 76 MB.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

SPEAKERS = ("Claribel Dervla", "Damien Black", "Camilla Holmström")
WIDTH = 64
# Of speech before the end token is likely to have come. The real one has 605.
MOST_AUDIO_TOKENS = 60
_AUDIO_TOKENS = 258
_START, _STOP = 256, 257
# Codes of the languages as XTTS has them.
_LANGUAGES = "en es fr de it pt pl tr ru nl cs ar zh-cn hu ko ja hi".split()
_LETTERS = " abcdefghijklmnopqrstuvwxyz0123456789äöüßéèñçабвгдежзийклмнопрстуфхцчшщъыьэюя.,;:!?'-"


def tiny_xtts(folder: Path, *, end: float = 1.5, as_objects: bool = True) -> None:
    """Writes `config.json`, `model.pth`, `vocab.json` and `speakers_xtts.pth`.

    Args:
        folder: where.
        end: logit of the token that ends a speech. About 1 ends it after a second; -100 never does.
        as_objects: whether `model.pth` has its configuration as objects, as that of the real model.
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
            # Weights as small as those that training begins with would make every text sound the same.
            if weights.ndim == 2 and "pos_embedding" not in name:
                weights.copy_(torch.randn_like(weights) / weights.shape[-1] ** 0.5)
        model.gpt.mel_head.bias[_STOP] = end
    save_tensors(folder, model.state_dict(), config, as_objects=as_objects)
    (folder / "config.json").write_text(json.dumps(asdict(config)))
    torch.save({name: _speaker(model) for name in SPEAKERS}, folder / "speakers_xtts.pth")


def save_tensors(folder: Path, weights: dict[str, Any], config: Any, *, as_objects: bool) -> None:
    """Writes `model.pth`."""
    import torch

    with _old_names():
        torch.save(
            {"config": config if as_objects else config.to_dict(), "model": weights}, folder / "model.pth"
        )


def _config() -> Any:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    return XttsConfig(
        model_args=XttsArgs(
            gpt_max_audio_tokens=MOST_AUDIO_TOKENS,
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

    special: Sequence[str] = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{code}]" for code in _LANGUAGES), "[START]"]
    tokens = [*special, *_LETTERS]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, [], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def _speaker(model: Any) -> dict[str, Any]:
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
