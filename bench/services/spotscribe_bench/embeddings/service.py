"""The embeddings service as in production, with the real weights of all-MiniLM-L6-v2."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from spotscribe_bench.embeddings.texts import MODEL
from spotscribe_bench.service import loaded_service


class Running(NamedTuple):
    """URL and process id of a service whose model is loaded."""

    url: str
    pid: int


@contextmanager
def embeddings_service(folder: Path) -> Iterator[Running]:
    """Runs the service until the block ends, also by an exception.

    Args:
        folder: contains `models` and `shared`; receives the scratch disk and the log.
    """
    settings = {"EMBEDDING_ENGINE": "sentence-transformers", "EMBEDDING_MODEL": MODEL}
    with loaded_service("spotscribe_embeddings", folder, "service", **settings) as running:
        yield Running(*running)
