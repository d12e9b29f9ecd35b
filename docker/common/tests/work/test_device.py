"""Whether a failure leaves the GPU usable."""

import pytest

from spotscribe_common.work.device import is_device_lost


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be reported later",
        "CUDA error: device-side assert triggered",
        "CUDA failed with error unspecified launch failure",
        "ONNX Runtime failed: CUDA failure 700: an illegal memory access was encountered ; GPU=0",
    ],
)
def test_a_fault_in_a_kernel_spoils_the_gpu(said: str) -> None:
    assert is_device_lost(RuntimeError(said))


@pytest.mark.parametrize(
    "said",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: out of memory",
        "CUDA failed with error out of memory",
        "ONNX Runtime failed: CUDA failure 2: out of memory ; GPU=0",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "The size of tensor a (3) must match the size of tensor b (4)",
    ],
)
def test_other_failures_do_not(said: str) -> None:
    assert not is_device_lost(RuntimeError(said))
