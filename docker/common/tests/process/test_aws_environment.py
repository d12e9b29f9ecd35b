"""A service keeps nothing of AWS in its environment, wherever that can be read."""

import os
import subprocess
import sys

from spotscribe_testing.places import DOCKER

# What the ECS agent adds, what a user may set, and what only looks alike.
AGENT = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0a1b2c3d",
    "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    "ECS_AGENT_URI": "http://169.254.170.2/api/0a1b2c3d",
    "ECS_CONTAINER_METADATA_URI": "http://169.254.170.2/v3/0a1b2c3d",
    "ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/0a1b2c3d",
}
GIVEN = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/0a1b2c3d",
    "AWS_PROFILE": "mine",
    "AWS_SECRET_ACCESS_KEY": "secret\nAWS_IN_A_VALUE=x",
    "AWS_SESSION_TOKEN": "token",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
}
# With a locale set, Python adds none.
KEPT = {"LC_ALL": "C.UTF-8", "PORT": "8001", "MY_AWS_NOTE": "kept", "EMPTY": ""}

PROGRAM = """
import os, subprocess, sys
from spotscribe_common.process.aws_environment import leave_aws_environment

leave_aws_environment()
print(os.getpid(), sys.argv[1:])
with open("/proc/self/environ") as started_with:
    print(sorted(each.split("=")[0] for each in started_with.read().split(chr(0)) if each))
sys.stdout.flush()
subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], check=True)
"""


def run(environment: dict[str, str]) -> tuple[int, list[str]]:
    """Id of the process that was started, and the lines that it printed."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "one", "two words"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(DOCKER / "common"), **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return process.pid, printed.splitlines()


def test_neither_the_process_nor_a_child_has_a_variable_of_aws_or_ecs() -> None:
    pid, (program, own, childs) = run({**AGENT, **GIVEN, **KEPT})
    kept = sorted(["PATH", "PYTHONPATH", *KEPT])
    assert own == childs == str(kept)
    # The same process, called as it was.
    assert program == f"{pid} ['one', 'two words']"


def test_a_process_without_any_starts_once() -> None:
    pid, (program, own, _) = run(KEPT)
    assert own == str(sorted(["PATH", "PYTHONPATH", *KEPT]))
    assert program.startswith(f"{pid} ")
