"""A service without audio needs neither numpy nor ffmpeg, nor the package for recordings."""

import json
import subprocess
import sys
from pathlib import Path

import httpx

from spotscribe_testing.places import DOCKER
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

_IMPORT_ALL = """
import json, pkgutil, sys
from importlib import import_module
import spotscribe_common
names = [found.name for found in pkgutil.walk_packages(spotscribe_common.__path__, "spotscribe_common.")]
for name in names:
    import_module(name)
print(json.dumps([names, sorted(sys.modules)]))
"""


def test_importing_every_module_loads_nothing_about_audio() -> None:
    # The other packages can be found: one that is imported would be.
    packages = ":".join(str(DOCKER / name) for name in ("common", "audio"))
    ended = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL],
        env={"PYTHONPATH": packages},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    ours, loaded = json.loads(ended.stdout)
    package = DOCKER / "common" / "spotscribe_common"
    files = [file.relative_to(package.parent).with_suffix("") for file in package.rglob("[!_]*.py")]
    assert {".".join(file.parts) for file in files} <= set(ours)
    assert {name.partition(".")[0] for name in loaded} & {"numpy", "spotscribe_audio", "torch"} == set()


def test_a_service_without_audio_is_healthy_where_no_program_is_installed(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    with service_process("spotscribe_testing.service.plain_service", environment, tmp_path / "log") as (
        _,
        url,
    ):
        wait_until(lambda: answers_ok(url), "the service is ready", 60)
        assert httpx.get(f"{url}/health").json()["service"] == "plain"
