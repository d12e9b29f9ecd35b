"""The switches that keep libraries of models from the network."""

import os
from pathlib import Path
from unittest.mock import patch

from spotscribe_common.process.offline import go_offline


def test_nothing_is_fetched_or_reported_whatever_was_set() -> None:
    with patch.dict(os.environ, {"HF_HUB_OFFLINE": "0", "PYANNOTE_METRICS_ENABLED": "1"}):
        go_offline()
        assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"
        assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"


def test_caches_are_in_the_given_directory(tmp_path: Path) -> None:
    with patch.dict(os.environ):
        go_offline(tmp_path / "cache")
        assert os.environ["XDG_CACHE_HOME"] == os.environ["MPLCONFIGDIR"] == str(tmp_path / "cache")
