"""The figures from which the memory table is computed, counted again in the published architectures."""

import json
from typing import Any

import pytest

from spotscribe_testing.places import DOCKER

pytestmark = pytest.mark.production

FIGURES: dict[str, Any] = json.loads((DOCKER.parent / "core/models/model-figures.json").read_text())
# Encoder layers, feed-forward width, mel bands and vocabulary, as in OpenAI's published configurations.
WHISPER = {
    "large-v3-turbo": (32, 5120, 128, 51_866),
    "large-v3": (32, 5120, 128, 51_866),
    "medium": (24, 4096, 80, 51_865),
}


def parameters(module: Any) -> int:
    return sum(each.numel() for each in module.parameters())


def test_voxtral_has_the_parts_that_are_written_down() -> None:
    import torch
    from transformers import VoxtralConfig, VoxtralForConditionalGeneration

    # Transformers' default is Voxtral-Mini-3B-2507.
    config = VoxtralConfig()
    with torch.device("meta"):
        model = VoxtralForConditionalGeneration(config)
    text, audio = config.text_config, config.audio_config
    language = model.language_model
    embedding, head = parameters(language.model.embed_tokens), parameters(language.lm_head)
    assert FIGURES["voxtral"] == {
        "audioTower": parameters(model.audio_tower),
        "projector": parameters(model.multi_modal_projector),
        "embedding": embedding,
        "head": head,
        "blocks": parameters(language) - embedding - head,
        "layers": text.num_hidden_layers,
        "keyValueHeads": text.num_key_value_heads,
        "headSize": text.head_dim,
        "width": text.hidden_size,
        "feedForward": text.intermediate_size,
        "vocabulary": text.vocab_size,
        "audioWidth": audio.hidden_size,
        "audioFeedForward": audio.intermediate_size,
        "audioPositions": audio.max_source_positions,
        "melBins": audio.num_mel_bins,
    }


@pytest.mark.parametrize("name", WHISPER)
def test_whisper_has_the_parameters_that_are_written_down(name: str) -> None:
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    figures = FIGURES["whisper"][name]
    encoder_layers, feed_forward, mel_bands, vocabulary = WHISPER[name]
    config = WhisperConfig(
        d_model=figures["hidden"],
        encoder_layers=encoder_layers,
        decoder_layers=figures["decoderLayers"],
        encoder_attention_heads=figures["heads"],
        decoder_attention_heads=figures["heads"],
        encoder_ffn_dim=feed_forward,
        decoder_ffn_dim=feed_forward,
        num_mel_bins=mel_bands,
        vocab_size=vocabulary,
    )
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(config)
    assert parameters(model) == figures["parameters"]


def test_the_aligner_has_the_parameters_that_are_written_down() -> None:
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    with torch.device("meta"):
        model = Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=32))
    assert parameters(model) == FIGURES["aligner"]["parameters"]
