"""The API's description as a file: `python -m spotscribe_testing.openapi_file` writes it anew."""

import json
import tempfile
from pathlib import Path

from spotscribe_testing.places import OPENAPI
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines import make_engine
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer


def description() -> str:
    """The OpenAPI document, as the code has it now."""
    settings = Settings(tmpdir=Path(tempfile.gettempdir()))
    app = create_app(settings, make_engine(settings), make_diarizer(settings))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OPENAPI.write_text(description())
