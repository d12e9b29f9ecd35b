"""Libraries of models fetch nothing and report nothing."""

import os
from pathlib import Path

_SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "ORT_DISABLE_TELEMETRY": "1",
}


def go_offline(caches: Path | None = None) -> None:
    """Sets the switches of the libraries. Call it before they are imported.

    Machines may have no way out, and what people say may be confidential.

    Args:
        caches: directory for the libraries' caches. torch, transformers and matplotlib create such folders
            even if they store nothing, and the home directory may be read-only. None leaves the defaults.
    """
    os.environ.update(_SWITCHES)
    if caches is not None:
        os.environ["XDG_CACHE_HOME"] = os.environ["MPLCONFIGDIR"] = str(caches)
