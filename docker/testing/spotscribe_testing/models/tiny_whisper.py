"""A Whisper that ctranslate2 really loads and that says one known sentence; its size may be a real one's."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "fr")
_TIMESTAMPS = 1501
_SPECIALS = (
    "<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES), "<|translate|>",
    "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
# Start of transcript, language, task, no timestamps: what the decoder is prompted with before the first word.
_PROMPT = 4
# An English-only model has neither language nor task.
_ENGLISH_PROMPT = 2
# Whisper's features of up to 20 s of speech in 30 s have a mean of about -0.5, and 20 dB softer of -1.
_LOUDNESS = -0.8


@dataclass(frozen=True)
class WhisperShape:
    """How large the model is: that, not what it has learnt, decides its time and its memory.

    Attributes:
        width: of every layer.
        encoder_layers: layers of the encoder.
        decoder_layers: layers of the decoder.
        heads: attention heads of each layer.
        inner_width: of the feed-forward part of each layer.
        mel_bins: bands of the spectrogram that it listens to.
        vocabulary: tokens in all, of which each word of the sentence is one; without it the tokens are bytes.
    """

    width: int = 64
    encoder_layers: int = 1
    decoder_layers: int = 1
    heads: int = 2
    inner_width: int = 64
    mel_bins: int = 80
    vocabulary: int | None = None


TINIEST = WhisperShape()
# As in the configuration that OpenAI has published.
WHISPER_LARGE_V3_TURBO = WhisperShape(1280, 32, 4, 20, 5120, 128, 51_866)


def scripted_whisper(  # noqa: PLR0913 - what a model can differ in
    directory: Path,
    sentence: str,
    *,
    language: str = "en",
    shape: WhisperShape = TINIEST,
    multilingual: bool = True,
    soft_language: str | None = None,
) -> None:
    """Writes a ctranslate2 model that hears `sentence` in any audio, and `language` as its language.

    Args:
        directory: of the model.
        sentence: what it hears.
        language: what it detects.
        shape: its size.
        multilingual: whether it has languages at all.
        soft_language: what it detects in soft speech, if that is to be another one.
    """
    from ctranslate2.converters import TransformersConverter

    source = directory.with_name(f"{directory.name}-transformers")
    source.mkdir(parents=True)
    tokenizer = _tokenizer(sentence, shape, multilingual=multilingual)
    model = _model(tokenizer, shape)
    prompt = _PROMPT if multilingual else _ENGLISH_PROMPT
    _script(model, _spoken(sentence, tokenizer, shape), tokenizer, language, prompt)
    if soft_language is not None:
        _listen(
            model, tokenizer.token_to_id(f"<|{language}|>"), tokenizer.token_to_id(f"<|{soft_language}|>")
        )
    _save(model, tokenizer, shape, source)
    TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"]).convert(
        str(directory), quantization="float32"
    )


def _tokenizer(sentence: str, shape: WhisperShape, *, multilingual: bool) -> Any:
    """One token for each byte. The merges only have to exist: the converter looks for some of them."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    # ctranslate2 takes the place of the empty token as the sign of a multilingual model.
    vocabulary["" if multilingual else "Ġ "] = len(vocabulary)
    merges = [("Ġ", "-"), ("Ġ", "'"), ("Ġ", "â")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    if shape.vocabulary is not None:
        for word in sentence.split():
            vocabulary.setdefault(f"Ġ{word}", len(vocabulary))
        while len(vocabulary) < shape.vocabulary - len(_SPECIALS) - _TIMESTAMPS:
            vocabulary[f"Ġ{len(vocabulary)}"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in _SPECIALS])
    return tokenizer


def _spoken(sentence: str, tokenizer: Any, shape: WhisperShape) -> list[int]:
    if shape.vocabulary is not None:
        return [tokenizer.token_to_id(f"Ġ{word}") for word in sentence.split()]
    return list(tokenizer.encode(f" {sentence}", add_special_tokens=False).ids)


def _model(tokenizer: Any, shape: WhisperShape) -> Any:
    import torch
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    end = tokenizer.token_to_id("<|endoftext|>")
    start = tokenizer.token_to_id("<|startoftranscript|>")
    ends = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=tokenizer.token_to_id("<|notimestamps|>") + 1 + _TIMESTAMPS,
            num_mel_bins=shape.mel_bins,
            d_model=shape.width,
            encoder_layers=shape.encoder_layers,
            decoder_layers=shape.decoder_layers,
            encoder_attention_heads=shape.heads,
            decoder_attention_heads=shape.heads,
            encoder_ffn_dim=shape.inner_width,
            decoder_ffn_dim=shape.inner_width,
            suppress_tokens=None,
            begin_suppress_tokens=None,
            **ends,
        )
    ).eval()
    model.generation_config = GenerationConfig(
        suppress_tokens=[],
        begin_suppress_tokens=[end],
        alignment_heads=[[0, 0]],
        lang_to_id={f"<|{code}|>": tokenizer.token_to_id(f"<|{code}|>") for code in LANGUAGES},
        task_to_id={task: tokenizer.token_to_id(f"<|{task}|>") for task in ("transcribe", "translate")},
        no_timestamps_token_id=tokenizer.token_to_id("<|notimestamps|>"),
        is_multilingual=True,
        max_length=448,
        **ends,
    )
    return model


def _script(model: Any, sentence: list[int], tokenizer: Any, language: str, prompt: int) -> None:
    """Silences every layer of the decoder, so that the position alone decides which token comes next."""
    import torch

    decoder = model.model.decoder
    end = tokenizer.token_to_id("<|endoftext|>")
    with torch.no_grad():
        tokens = decoder.embed_tokens.weight
        tokens.copy_(torch.nn.functional.normalize(torch.randn_like(tokens), dim=1))
        for layer in decoder.layers:
            for linear in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                linear.weight.zero_()
                linear.bias.zero_()
        decoder.layer_norm.weight.fill_(4.0)
        decoder.layer_norm.bias.zero_()
        positions = decoder.embed_positions.weight
        positions.zero_()
        positions[0] = 20 * tokens[tokenizer.token_to_id(f"<|{language}|>")]
        for at in range(prompt - 1, positions.shape[0]):
            said = at - (prompt - 1)
            positions[at] = 20 * tokens[sentence[said] if said < len(sentence) else end]
    model.proj_out.weight = tokens


def _listen(model: Any, loud: int, soft: int) -> None:
    """Makes the language depend on the loudness: the last head of the decoder passes it on to each position.

    The encoder's first channel is the loudness, its second one a constant to compare it with. Both are so
    high that they pass the activation functions as they are.
    """
    import torch

    encoder, decoder = model.model.encoder, model.model.decoder
    with torch.no_grad():
        for first, mean in ((encoder.conv1, 10 / encoder.conv1.in_channels), (encoder.conv2, 0.0)):
            first.weight[:2].zero_()
            first.bias[:2].zero_()
            first.weight[0, :, 1] = mean
        encoder.conv1.bias[0], encoder.conv1.bias[1] = 15.0, 15.0 + 10 * _LOUDNESS
        for channel in range(2):
            encoder.conv2.weight[channel, channel, 1] = 1.0
        encoder.embed_positions.weight[:, :2] = 0.0
        for layer in encoder.layers:
            for linear in (layer.self_attn.out_proj, layer.fc2):
                linear.weight.zero_()
                linear.bias.zero_()
        attention = decoder.layers[-1].encoder_attn
        head = attention.embed_dim - attention.head_dim
        # Attends to all sound alike.
        attention.k_proj.weight[head:].zero_()
        attention.v_proj.weight[head].zero_()
        attention.v_proj.weight[head, 0], attention.v_proj.weight[head, 1] = 1.0, -1.0
        attention.v_proj.bias[head] = 0.0
        tokens = decoder.embed_tokens.weight
        attention.out_proj.weight[:, head] = 5 * (tokens[loud] - tokens[soft])
        decoder.embed_positions.weight[0].zero_()


def _save(model: Any, tokenizer: Any, shape: WhisperShape, directory: Path) -> None:
    from transformers import PreTrainedTokenizerFast, WhisperFeatureExtractor

    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|startoftranscript|>",
        eos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(_SPECIALS[1:]),
    ).save_pretrained(directory)
    model.save_pretrained(directory)
    WhisperFeatureExtractor(feature_size=shape.mel_bins).save_pretrained(directory)
    assert json.loads((directory / "tokenizer.json").read_text())
