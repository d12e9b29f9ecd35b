"""`python -m` of every model service: settings from the environment, a run, an end."""

import logging
import os
import sys
from collections.abc import Callable
from typing import TypeVar

from fastapi import FastAPI
from pydantic import ValidationError

from spotscribe_common.http.server import serve
from spotscribe_common.process.aws_environment import leave_aws_environment
from spotscribe_common.process.memory import keep_freed_memory, spare_loaded_objects
from spotscribe_common.process.stuck_exit import install
from spotscribe_common.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)


def run_service(read_settings: Callable[[], Settings], make_app: Callable[[Settings], FastAPI]) -> None:
    """Serves until told to stop, then ends the process with status 0; with 14 if it is stuck.

    Args:
        read_settings: the class of the settings.
        make_app: see `service_app`; may raise a ValueError, whose words are for the one who set them.
    """
    leave_aws_environment()
    keep_freed_memory()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = read_settings()
    except ValidationError as error:
        for detail in error.errors():
            name = "_".join(str(part) for part in detail["loc"]).upper()
            sys.stderr.write(f"{name} is {detail['input']!r}: {detail['msg']}. Set it in the environment.\n")
        sys.exit(2)
    try:
        app = make_app(settings)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    app.state.service.when_loaded = spare_loaded_objects
    install()
    serve(app, host=settings.host, port=settings.port, stop_seconds=settings.stop_seconds)
    logging.shutdown()
    # A cancelled job's thread may still be deep in the engine's native code, where an orderly end of the
    # interpreter can crash. Everything that had to be closed is closed.
    os._exit(0)
