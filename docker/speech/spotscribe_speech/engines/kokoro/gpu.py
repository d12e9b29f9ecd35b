"""What a GPU says of itself, asked for without torch."""

import ctypes

from spotscribe_common.work.device import Device

# ONNX Runtime has loaded it: by this name, the loader finds the same one again.
_RUNTIME = "libcudart.so.12"
# `cudaDeviceProp` begins with the name, of 256 bytes, and is shorter than this in every version of CUDA 12.
_NAME_BYTES = 256
_PROPERTIES_BYTES = 16 << 10


def cuda_device() -> Device:
    """The first GPU, with its memory in bytes as far as CUDA says it."""
    try:
        runtime = ctypes.CDLL(_RUNTIME)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        properties = ctypes.create_string_buffer(_PROPERTIES_BYTES)
        failed = runtime.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
        failed = failed or runtime.cudaGetDeviceProperties_v2(properties, 0)
    except (OSError, AttributeError):
        return Device("cuda")
    if failed:
        return Device("cuda")
    name = properties.raw[:_NAME_BYTES].partition(b"\0")[0].decode(errors="replace")
    return Device("cuda", name=name, memory_total=total.value, memory_used=total.value - free.value)
