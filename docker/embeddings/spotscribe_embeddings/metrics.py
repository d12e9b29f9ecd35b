"""What the service counts, for Prometheus."""

from prometheus_client import Counter

from spotscribe_common.work.metrics import Metrics


class EmbeddingMetrics(Metrics):
    """What every service counts, and texts and tokens."""

    def __init__(self) -> None:
        super().__init__("embedding, corpus")
        self._texts = Counter("spotscribe_texts", "Texts that became vectors.", registry=self.registry)
        self._tokens = Counter("spotscribe_tokens", "Tokens that the model read.", registry=self.registry)

    def embedded(self, texts: int, tokens: int) -> None:
        """Counts texts and their tokens."""
        self._texts.inc(texts)
        self._tokens.inc(tokens)
