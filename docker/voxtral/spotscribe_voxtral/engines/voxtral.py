"""The production engine: Voxtral in Transformers, from a local directory alone."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_common.errors import InvalidRequestError, ModelMissingError, OutOfMemoryError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.process.offline import go_offline
from spotscribe_common.work.device import Device
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_voxtral.engines import memory_budget
from spotscribe_voxtral.engines.engine import (
    Capacity,
    Generated,
    Generation,
    Message,
    ignore_piece,
    transcript_tokens,
)
from spotscribe_voxtral.engines.grammar import Grammars
from spotscribe_voxtral.engines.memory import bound_gpu_memory, free_bytes
from spotscribe_voxtral.engines.memory_budget import ModelShape, fits_unquantised, shape_of
from spotscribe_voxtral.engines.model_files import check_voxtral_model
from spotscribe_voxtral.engines.pauses import Pauses
from spotscribe_voxtral.engines.precision.overflow import OverflowGuard
from spotscribe_voxtral.engines.precision.single_precision import SinglePrecision
from spotscribe_voxtral.engines.prompts import Prompt, Prompts
from spotscribe_voxtral.engines.sharing.reading import batch_inputs
from spotscribe_voxtral.engines.weights import load_weights
from spotscribe_voxtral.engines.writing import Writing

Quantization = Literal["auto", "none", "nf4"]
Precision = Literal["auto", "float16", "float32"]

_log = logging.getLogger(__name__)
# Batches of different sizes leave holes; with this, the GPU's allocator joins them again.
_ALLOCATOR = "expandable_segments:True"


class VoxtralEngine:
    """Voxtral of `<models>/<name>`.

    Args:
        models: directory of model directories.
        model: name of the model's directory.
        quantization: `nf4` keeps most weights in four bits; `auto` does so on a GPU whose memory has no room
            for a window of ten minutes otherwise.
        precision: of the numbers; `auto` is half precision on a GPU (a T4 has no bfloat16) and single
            precision on a processor, which computes no faster in half.
        scratch: directory for caches.
        gpu_memory_mib: most memory of the GPU that this process may take: others may load later.
        gpu_priority: of another service on the same GPU.
    """

    def __init__(  # noqa: PLR0913 - named, and each of them a setting
        self,
        *,
        models: Path,
        model: str,
        quantization: Quantization,
        precision: Precision = "auto",
        scratch: Path,
        gpu_memory_mib: int | None = None,
        gpu_priority: GpuPriority | None = None,
    ) -> None:
        self.name = "voxtral"
        self.model = model
        self.only_language: str | None = None
        self._directory = models / model
        self._quantization = quantization
        self._precision = precision
        self._scratch = scratch
        self._most_bytes = None if gpu_memory_mib is None else gpu_memory_mib << 20
        self._priority = gpu_priority or GpuPriority(None)
        self._device: Literal["cpu", "cuda"] = "cpu"
        self._torch: Any = None
        self._prompts: Any = None
        self._grammars: Any = None
        self._voxtral: Any = None
        self._pauses: Any = None
        self._overflow: Any = None
        self._shape: Any = None

    def prepare(self) -> None:
        """Imports torch and Transformers.

        Raises:
            ModelMissingError: they are not installed.
        """
        go_offline(self._scratch / "cache")
        os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", _ALLOCATOR)
        try:
            import llguidance  # noqa: F401, PLC0415 - asked for before minutes go into the weights
            import mistral_common  # noqa: F401, PLC0415
            import torch  # noqa: PLC0415
            from transformers import (  # noqa: PLC0415
                VoxtralConfig,  # noqa: F401
                VoxtralForConditionalGeneration,  # noqa: F401
            )
        except ImportError as error:
            raise ModelMissingError(
                f"Transformers is not installed ({error}). Install requirements.production.txt."
            ) from error
        self._torch = torch

    def load(self) -> None:
        """Loads the tokenizer and the weights."""
        weights = check_voxtral_model(self._directory)
        self.prepare()
        from transformers import VoxtralConfig  # noqa: PLC0415

        torch = self._torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        if self._device == "cuda" and self._most_bytes is not None:
            bound_gpu_memory(torch, self._most_bytes)
        prompts = Prompts(self._directory)
        try:
            config = VoxtralConfig.from_pretrained(self._directory, local_files_only=True)
            shape = shape_of(config)
        except Exception as error:
            raise ModelMissingError(
                f"The model file {self._directory / 'config.json'} cannot be used: {error}. Fetch it again."
            ) from error
        quantised = self._is_quantised(shape, weights)
        self._voxtral = load_weights(self._directory, self._device, half=self._is_half, quantised=quantised)
        _log.info("loaded %s on %s%s", self.model, self._device, " in four bits" if quantised else "")
        self._prompts, self._shape = prompts, shape
        self._grammars = Grammars(prompts)
        self._pauses = Pauses(torch, self._priority)
        self._pauses.add_to(self._voxtral)
        single = SinglePrecision(self._voxtral, self._free_bytes) if self._is_half else None
        self._overflow = OverflowGuard(self._voxtral, single)

    def device(self) -> Device:
        """The processor, or the GPU with its memory."""
        if self._device == "cpu":
            return Device("cpu")
        free, total = self._torch.cuda.mem_get_info()
        name = self._torch.cuda.get_device_name()
        return Device("cuda", name, memory_total=total, memory_used=total - free)

    def capacity(self, max_tokens: int, longest: float | None = None) -> Capacity:
        """What fits now beside the weights."""
        # An upper bound: only some numbers are in single precision then.
        number_bytes = 4 if self._overflow.used else self._number_bytes
        return memory_budget.capacity(self._shape, number_bytes, self._free_bytes(), max_tokens, longest)

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        """The next turn of each conversation."""
        prompts = [self._prompts.conversation(messages) for messages in conversations]
        return self._written(prompts, how, said, cancelled)

    def transcribe(
        self, pieces: Sequence[Samples], language: str | None, cancelled: Callable[[], bool]
    ) -> list[Generated]:
        """The words of each piece, by the mode that the model was trained to transcribe in."""
        prompts = [self._prompts.transcription(samples, language) for samples in pieces]
        longest = max((samples.size for samples in pieces), default=0) / SAMPLE_RATE
        room = self._shape.context - max((len(prompt.tokens) for prompt in prompts), default=0)
        how = Generation(max_tokens=min(transcript_tokens(longest), room))
        return self._written(prompts, how, ignore_piece, cancelled)

    def _is_quantised(self, shape: ModelShape, weights: int) -> bool:
        if self._quantization == "auto":
            return self._device == "cuda" and not fits_unquantised(
                shape, self._number_bytes, self._free_bytes(), weights
            )
        return self._quantization == "nf4"

    def _written(
        self,
        prompts: Sequence[Prompt],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        if not prompts:
            return []
        longest = max(len(prompt.tokens) for prompt in prompts)
        if longest + how.max_tokens > self._shape.context or how.max_tokens < 1:
            raise InvalidRequestError(
                f"A prompt of {longest} tokens and an answer of up to {how.max_tokens} do not fit into the "
                f"model's context of {self._shape.context}."
            )
        lengths = [len(prompt.tokens) for prompt in prompts]
        writing = Writing(lengths, self._prompts.end, self._prompts.piece, said, self._pauses.pause)
        try:
            with self._pauses.asking(cancelled):
                self._pauses.pause()
                self._generate(prompts, how, writing)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            # Not the error itself, which a log may keep.
            _log.warning("out of memory: %s", str(error))
        else:
            return writing.finished()
        # Outside of the handler: the error's traceback would keep what took the memory.
        release_memory()
        raise OutOfMemoryError(
            f"The {self._device} ran out of memory with {len(prompts)} prompts of up to {longest} "
            "tokens. Use shorter windows, a smaller batch, or a larger machine."
        )

    def _generate(self, prompts: Sequence[Prompt], how: Generation, writing: Writing) -> None:
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList  # noqa: PLC0415

        processors = LogitsProcessorList()
        if any(how.schemas):
            processors.append(self._grammars.constraint(how.schemas).apply)
        drawn = {"do_sample": True, "temperature": how.temperature, "top_p": how.top_p, "top_k": 0}
        chosen = drawn if how.temperature > 0 else {"do_sample": False}
        with self._torch.inference_mode():
            self._voxtral.generate(
                **batch_inputs(self._voxtral, self._prompts, prompts, how.max_tokens),
                generation_config=GenerationConfig(
                    max_new_tokens=how.max_tokens,
                    bos_token_id=self._prompts.begin,
                    eos_token_id=self._prompts.end,
                    pad_token_id=self._prompts.padding,
                    **chosen,
                ),
                logits_processor=processors,
                stopping_criteria=StoppingCriteriaList([writing.add]),
            )

    @property
    def _is_half(self) -> bool:
        return self._device == "cuda" if self._precision == "auto" else self._precision == "float16"

    @property
    def _number_bytes(self) -> int:
        return 2 if self._is_half else 4

    def _free_bytes(self) -> int:
        return free_bytes(self._torch, self._device, self._most_bytes)
