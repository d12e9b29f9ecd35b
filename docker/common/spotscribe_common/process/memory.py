"""Memory that runs out, and memory that is given back."""

import ctypes
import gc
import sys

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
# A window of ten minutes has 38 MB in single precision. What glibc's own threshold may grow to.
_LARGE_BYTES = 32 << 20
_KEPT_BYTES = 256 << 20
# Thresholds of the three generations, as in `gc.set_threshold`. Python's first one is 700.
_COLLECTED_AFTER = (20_000, 10, 10)


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


def keep_freed_memory() -> None:
    """Lets a model's next step take the memory of its last one, where the C library is glibc.

    By itself glibc returns arrays of megabytes to the system as they are freed, which then zeroes them for
    the next step: a third of a processor's time with Whisper tiny. Larger ones are still returned: windows of
    audio, which would leave holes that no other array fits into. What is kept, :func:`trim_heap` returns.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        set_option(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def spare_loaded_objects() -> None:
    """Excludes all objects that exist now from garbage collection. For a process with a loaded model.

    The packages of a model are about a million objects that live as long as the process. With many
    concurrent requests, collections of these objects took a quarter of the time that Python executed code.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)


def trim_heap() -> None:
    """Returns the heap's holes to the system; does nothing where the C library is not glibc.

    Each batch leaves a small result behind, in the midst of the large arrays that it freed. The next batch's
    arrays fit into none of these holes: without this, diarizing 20 minutes of audio left 1.4 GB of them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
