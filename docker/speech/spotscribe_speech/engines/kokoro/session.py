"""The model's graph in ONNX Runtime."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.errors import InternalError, ModelMissingError
from spotscribe_common.work.device import Device
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.engines.kokoro.gpu import cuda_device

_log = logging.getLogger(__name__)
STYLE_SIZE = 256
_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
# The exports of the model differ in the first input's name.
_TOKENS = ("tokens", "input_ids")
_KINDS = {"tokens": "tensor(int64)", "style": "tensor(float)", "speed": "tensor(float)"}


class Session:
    """Computes samples of token ids.

    Args:
        file: the graph, with its weights.

    Raises:
        ModelMissingError: the file is corrupt, or another model's.
    """

    def __init__(self, file: Path) -> None:
        import onnxruntime  # noqa: PLC0415

        onnxruntime.disable_telemetry_events()
        try:
            self._session = _opened(onnxruntime, file)
        except Exception as error:
            raise ModelMissingError(
                f"The model file {file} cannot be loaded: {error}. Fetch it again."
            ) from error
        self._tokens = self._name_of_tokens(file)
        self._is_cuda = self._session.get_providers()[0] == _CUDA

    def device(self) -> Device:
        """The GPU if the graph runs on it."""
        return cuda_device() if self._is_cuda else Device("cpu")

    def run(self, ids: Sequence[int], style: NDArray[np.float32], speed: float) -> Samples:
        """The samples of one piece of speech.

        Args:
            ids: of the symbols, without those at the beginning and the end.
            style: the voice, of shape `(256,)`.
            speed: 1 is the voice's own.

        Raises:
            InternalError: the model computed numbers that are not finite, or none.
            RuntimeError: ONNX Runtime failed; it says so in classes of its own, which are no RuntimeErrors.
        """
        feeds = {
            self._tokens: np.array([[0, *ids, 0]], dtype=np.int64),
            "style": style.reshape(1, STYLE_SIZE),
            "speed": np.array([speed], dtype=np.float32),
        }
        try:
            [audio, *_] = self._session.run(None, feeds)
        except Exception as error:
            raise RuntimeError(f"ONNX Runtime failed: {error}") from error
        samples: Samples = np.asarray(audio, dtype=np.float32).ravel()
        if samples.size == 0 or not np.isfinite(samples).all():
            raise InternalError("The model computed samples that are not finite. Send the request again.")
        return samples

    def _name_of_tokens(self, file: Path) -> str:
        found = {given.name: given.type for given in self._session.get_inputs()}
        names = [name for name in _TOKENS if name in found]
        if len(names) == 1 and found == {names[0]: _KINDS["tokens"], **dict([*_KINDS.items()][1:])}:
            return names[0]
        raise ModelMissingError(
            f"The model file {file} has the inputs {found}, and Kokoro has tokens (or input_ids), style and "
            "speed. Put an export of Kokoro-82M there."
        )


def _opened(onnxruntime: Any, file: Path) -> Any:
    options = onnxruntime.SessionOptions()
    # Each sentence has another length: a plan of the memory would be made for each.
    options.enable_mem_pattern = False
    # Threads that wait would take a quarter of the processor's time from the encoder and other services.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if _CUDA not in onnxruntime.get_available_providers():
        return onnxruntime.InferenceSession(str(file), options, providers=[_CPU])
    # From NVIDIA's packages, which no path of the system's loader names.
    onnxruntime.preload_dlls()
    # Algorithms would be tried out for each length, and memory be doubled whenever it grows.
    cuda = {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
    session = onnxruntime.InferenceSession(str(file), options, providers=[(_CUDA, cuda), _CPU])
    if session.get_providers()[0] != _CUDA:
        _log.warning("no GPU can be used: the model runs on the processor")
    return session
