"""Memory that runs out, and memory that is given back."""

import ctypes
import gc
import sys

# From glibc's malloc.h.
_M_MMAP_THRESHOLD = -3


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a failure says that memory did not suffice, the GPU's or the machine's.

    There is no one class for it: torch raises its own `OutOfMemoryError`, or a plain RuntimeError with the
    words of cuDNN, cuBLAS (`…ALLOC_FAILED`) or its CPU allocator; ctranslate2 a RuntimeError with CUDA's
    words; pyannote a MemoryError.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in said or "alloc" in said)


def release_memory() -> None:
    """Gives back what torch keeps of the GPU's memory: other models share the card."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def keep_large_arrays_off_the_heap() -> None:
    """Lets arrays of a megabyte and more be given back as soon as they are freed; glibc alone knows how.

    By itself it takes ever larger arrays from the heap, up to 32 MB, once some were freed: they leave holes
    that the next ones do not fit into. To be called before any thread is started.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, 1 << 20)


def trim_heap() -> None:
    """Returns the heap's holes to the system; does nothing where the C library is not glibc.

    Each batch leaves a small result behind, in the midst of the large arrays that it freed. The next batch's
    arrays fit into none of these holes: without this, diarizing 20 minutes of audio left 1.4 GB of them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
