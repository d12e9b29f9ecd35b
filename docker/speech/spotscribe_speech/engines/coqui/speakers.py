"""Voices and what the model knows them by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spotscribe_common.errors import ModelMissingError
from spotscribe_speech.engines.coqui.references import Reference
from spotscribe_speech.engines.engine import Voice

# The 17 languages of XTTS v2 as ISO 639-1 codes. Its own code of Chinese is `zh-cn`. The first one
# is spoken where a request names none.
LANGUAGES = (
    "en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh", "hu", "ko", "ja", "hi",
)  # fmt: skip
# The sample rate that it listens to references with.
_HEARD_RATE = 22_050


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice as the model takes it.

    Attributes:
        voice: for requests.
        latents: tensor (1, latents, width) that the transformer begins with.
        embedding: tensor (1, dimensions, 1) for the decoder.
    """

    voice: Voice
    latents: Any
    embedding: Any


def built_in_speakers(model: Any) -> list[Speaker]:
    """The speakers of the model's `speakers_xtts.pth`, in its order.

    Raises:
        ModelMissingError: the file has none, or tensors of another model.
    """
    found = []
    named = model.speaker_manager.speakers
    for name, tensors in named.items() if isinstance(named, dict) else ():
        try:
            latents, embedding = tensors["gpt_cond_latent"], tensors["speaker_embedding"]
            found.append(
                _speaker(model, Voice(_id(name), LANGUAGES, f"{name}, of XTTS v2"), latents, embedding)
            )
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ModelMissingError(
                f"The speaker {name!r} in speakers_xtts.pth does not fit the model: {error}. "
                "Fetch XTTS v2 again."
            ) from error
    if not found:
        raise ModelMissingError("The file speakers_xtts.pth has no speakers. Fetch XTTS v2 again.")
    return found


def cloned_speakers(model: Any, references: Sequence[Reference]) -> list[Speaker]:
    """The voices of references. The model listens to each once."""
    import torch  # noqa: PLC0415
    from torchaudio.functional import resample  # noqa: PLC0415

    found = []
    for reference in references:
        heard = resample(torch.from_numpy(reference.samples)[None], reference.sample_rate, _HEARD_RATE)
        heard = heard[:, : _HEARD_RATE * model.config.max_ref_len].to(model.device)
        latents = model.get_gpt_cond_latents(
            heard,
            _HEARD_RATE,
            length=model.config.gpt_cond_len,
            chunk_length=model.config.gpt_cond_chunk_len,
        )
        voice = Voice(reference.id, LANGUAGES, f"Cloned from {reference.speaker}, with consent")
        found.append(_speaker(model, voice, latents, model.get_speaker_embedding(heard, _HEARD_RATE)))
    return found


def by_id(speakers: Sequence[Speaker]) -> dict[str, Speaker]:
    """The speakers by the names of their voices.

    Raises:
        ModelMissingError: two have the same.
    """
    found: dict[str, Speaker] = {}
    for speaker in speakers:
        if speaker.voice.id in found:
            raise ModelMissingError(f"There are two voices {speaker.voice.id!r}. Rename the reference.")
        found[speaker.voice.id] = speaker
    return found


def _speaker(model: Any, voice: Voice, latents: Any, embedding: Any) -> Speaker:
    args = model.args
    if latents.ndim != 3 or latents.shape[0] != 1 or latents.shape[2] != args.gpt_n_model_channels:
        raise ValueError(f"latents of shape {tuple(latents.shape)}")
    if tuple(embedding.shape) != (1, args.d_vector_dim, 1):
        raise ValueError(f"an embedding of shape {tuple(embedding.shape)}")
    if not latents.isfinite().all() or not embedding.isfinite().all():
        raise ValueError("numbers that are not finite")
    return Speaker(voice, latents.float().to(model.device), embedding.float().to(model.device))


def _id(name: str) -> str:
    from anyascii import anyascii  # noqa: PLC0415

    made = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")
    if not made:
        raise ValueError("its name has no letters")
    return made
