"""The threads of torch and ctranslate2 in the service's process, as OpenMP itself reports them."""

import os
import re
from pathlib import Path

import pytest

from spotscribe_testing.service.live_server import service_process, wait_until

pytestmark = pytest.mark.production
# Of torch and of ctranslate2, each with its own copy of OpenMP.
_COPIES = 2


def reported(folder: Path, **variables: str) -> list[tuple[str, str]]:
    """Threads and spins of a waiting thread of each copy, once the service has imported whisperX."""
    log = folder / "log"
    environment = {
        "OMP_DISPLAY_ENV": "VERBOSE",
        "MODEL_DIR": str(folder),
        "SHARED_AUDIO": str(folder),
        "TMPDIR": str(folder),
        "STOP_SECONDS": "1",
        **variables,
    }
    with service_process("spotscribe_whisper", environment, log):
        wait_until(
            lambda: log.read_text().count("OPENMP DISPLAY ENVIRONMENT END") == _COPIES, "both are loaded"
        )
    said = log.read_text()
    threads, spins = (
        re.findall(rf"{name} = '(\w+)'", said) for name in ("OMP_NUM_THREADS", "GOMP_SPINCOUNT")
    )
    return list(zip(threads, spins, strict=True))


def test_half_of_the_processors_compute_and_idle_threads_sleep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    half = str(max(1, len(os.sched_getaffinity(0)) // 2))
    assert reported(tmp_path) == [(half, "0")] * _COPIES


def test_variables_that_the_user_set_are_kept(tmp_path: Path) -> None:
    chosen = {"OMP_NUM_THREADS": "3", "OMP_WAIT_POLICY": "active"}
    assert reported(tmp_path, **chosen) == [("3", "30000000000")] * _COPIES
