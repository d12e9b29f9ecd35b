"""A model service runs without any way to AWS."""

import os
import sys

# Credentials and where to get them, and the ECS agent's own endpoints.
_PREFIXES = ("AWS_", "ECS_")


def leave_aws_environment() -> None:
    """Starts this program again without the variables of AWS and ECS, if there are any.

    The ECS agent gives every container of a task the path of the task role's credentials
    (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`). Only the worker needs them. Removing them from
    `os.environ` is not enough: `/proc/<pid>/environ` shows what a process was started with, to
    every process of the same user. The process keeps its id.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
    if len(kept) < len(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)  # noqa: S606
