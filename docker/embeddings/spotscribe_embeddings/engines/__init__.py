"""Engines: what reads texts as tokens and makes vectors of them."""

from spotscribe_embeddings.engines.engine import Engine
from spotscribe_embeddings.engines.minilm import MiniLmEngine
from spotscribe_embeddings.engines.sentence_transformers import SentenceTransformersEngine
from spotscribe_embeddings.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine of the settings, not yet loaded."""
    if settings.embedding_engine == "minilm":
        return MiniLmEngine(scratch=settings.tmpdir)
    return SentenceTransformersEngine(
        settings.model_dir, settings.embedding_model, precision=settings.embedding_precision
    )
