"""`python -m spotscribe_whisper`: runs the service with settings from the environment."""

import logging
import os
import sys

from pydantic import ValidationError

from spotscribe_common.memory import keep_freed_memory
from spotscribe_common.server import serve
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines import make_engine
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer


def main() -> None:
    """Serves until told to stop."""
    keep_freed_memory()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        for detail in error.errors():
            name = "_".join(str(part) for part in detail["loc"]).upper()
            sys.stderr.write(f"{name} is {detail['input']!r}: {detail['msg']}. Set it in the environment.\n")
        sys.exit(2)
    try:
        app = create_app(settings, make_engine(settings), make_diarizer(settings))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    serve(
        app,
        host=settings.host,
        port=settings.port,
        stop_seconds=settings.stop_seconds,
    )
    logging.shutdown()
    # A cancelled job's thread may still be deep in the engine's native code, where an orderly end of the
    # interpreter can crash. Everything that had to be closed is closed.
    os._exit(0)


if __name__ == "__main__":
    main()
