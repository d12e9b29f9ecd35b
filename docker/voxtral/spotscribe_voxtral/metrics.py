"""What the service counts, for Prometheus."""

from prometheus_client import Counter

from spotscribe_audio.metrics import AudioMetrics
from spotscribe_voxtral.chat.answer import ChatWritten


class VoxtralMetrics(AudioMetrics):
    """What every service that takes recordings counts, and the tokens of chats."""

    def __init__(self) -> None:
        super().__init__("worked through", "transcription, analysis, chat")
        self._tokens = Counter(
            "spotscribe_chat_tokens", "Tokens of chats: prompt, answer.", ["kind"], registry=self.registry
        )

    def chatted(self, written: ChatWritten) -> None:
        """Counts an answer's tokens."""
        self._tokens.labels("prompt").inc(written.prompt_tokens)
        self._tokens.labels("answer").inc(written.tokens)
