"""The embeddings service as in production."""

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
def embeddings_service(folder: Path, model: str = MODEL) -> Iterator[Running]:
    """Runs the service until the block ends, also by an exception.

    Args:
        folder: contains `models` and `shared`; receives the scratch disk and the log.
        model: name of its folder below `models`.
    """
    settings = {"EMBEDDING_ENGINE": "sentence-transformers", "EMBEDDING_MODEL": model}
    with loaded_service("spotscribe_embeddings", folder, "service", **settings) as running:
        yield Running(*running)
