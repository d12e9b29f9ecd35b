"""A Voxtral model's weights, brought into a device's memory by Transformers."""

from pathlib import Path
from typing import Any, Literal

from spotscribe_common.errors import ModelMissingError, OutOfMemoryError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_voxtral.engines import attention

# What hears, and what chooses the words, loses most by four bits.
_UNQUANTISED = ("audio_tower", "multi_modal_projector", "lm_head")


def load_weights(directory: Path, device: Literal["cpu", "cuda"], *, half: bool, quantised: bool) -> Any:
    """A `VoxtralForConditionalGeneration`.

    Args:
        directory: of a model that has been checked.
        device: where the model shall be.
        half: whether it computes in half precision (float16), otherwise in single precision.
        quantised: whether most weights shall be kept in four bits (NF4).

    Raises:
        ModelMissingError: the weights are not those of such a model.
        OutOfMemoryError: the device has no room for them.
    """
    import torch  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        BitsAndBytesConfig,
        GenerationConfig,
        VoxtralForConditionalGeneration,
    )
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    disable_progress_bar()
    attention.register_attention()
    # T4 has no bfloat16, in which the model was trained.
    dtype = torch.float16 if half else torch.float32
    four_bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=list(_UNQUANTISED),
    )
    try:
        model, found = VoxtralForConditionalGeneration.from_pretrained(
            directory,
            dtype=dtype,
            device_map={"": device},
            attn_implementation=attention.NAME,
            quantization_config=four_bits if quantised else None,
            # A pickle could run code.
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:
        if is_out_of_memory(error):
            release_memory()
            raise OutOfMemoryError(
                f"The {device} has no room for {directory}. Quantise the model, or use a larger machine."
            ) from error
        raise ModelMissingError(
            f"The model in {directory} cannot be loaded: {error}. Fetch its files again."
        ) from error
    if missing := sorted(found["missing_keys"]):
        # Transformers has made them up at random.
        raise ModelMissingError(
            f"The weights in {directory} lack {len(missing)} tensors, {missing[0]} among them. "
            "Fetch its files again."
        )
    # The directory's own settings for generating, if it has any, would fill up ours.
    model.generation_config = GenerationConfig()
    return model.eval()
