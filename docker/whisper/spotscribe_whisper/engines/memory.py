"""A device that runs out of memory: how that shows, and what gives memory back."""

import gc
import sys


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a failure of torch or ctranslate2 says that the device's memory did not suffice.

    Neither has one class for it: torch raises its own `OutOfMemoryError` or a plain RuntimeError (from cuDNN
    and cuBLAS), ctranslate2 a RuntimeError with CUDA's words.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in said or "alloc_failed" in said)


def release_memory() -> None:
    """Gives back what torch keeps of the GPU's memory for later; nothing where torch was never loaded."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
