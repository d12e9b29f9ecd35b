"""The process of a model service."""

import os
import subprocess
import sys

from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.service import ModelService
from spotscribe_testing.service.plain_service import PlainEngine, Settings

_REPORT = """
import gc, threading, time
from spotscribe_common.process.running import run_service
from spotscribe_testing.service.plain_service import Settings, create_app

def report():
    until = time.monotonic() + 60
    while gc.get_freeze_count() == 0 and time.monotonic() < until:
        time.sleep(0.01)
    print(gc.get_freeze_count(), flush=True)

threading.Thread(target=report, daemon=True).start()
run_service(Settings, create_app)
"""


def test_objects_of_a_loaded_model_are_spared_garbage_collection() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), "PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", _REPORT], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert int(process.stdout.readline()) > 0
        finally:
            process.kill()


async def test_a_service_is_ready_only_after_that() -> None:
    service, seen = ModelService(Settings(), PlainEngine(), Metrics("nothing")), list[str]()
    service.when_loaded = lambda: seen.append(service.status)

    await service.load()

    assert (seen, service.status) == (["loading"], "ok")
    service.close()
