"""What the routes for texts do: receive, let in, read, embed."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel

from spotscribe_common.http.disconnect import while_connected
from spotscribe_common.receiving.body import Accepted
from spotscribe_common.requests.bodies import by_size, json_body
from spotscribe_embeddings.engines.engine import Matrix
from spotscribe_embeddings.engines.tokens import Tokens
from spotscribe_embeddings.requests.bodies import BODY_BYTES
from spotscribe_embeddings.service import EmbeddingsService

Body = TypeVar("Body", bound=BaseModel)
_ACCEPTED = Accepted(json=BODY_BYTES)


@dataclass(frozen=True)
class Asked:
    """Texts as the model reads them, and their instruction."""

    texts: list[Tokens]
    instruction: str


@dataclass(frozen=True)
class Answered:
    """Vectors, and the tokens that the model read."""

    vectors: Matrix
    tokens: int


async def embed_request(
    request: Request, service: EmbeddingsService, body: type[Body], read: Callable[[Body], Asked]
) -> tuple[Body, Answered]:
    """The vectors of what a request holds.

    Args:
        request: nobody has read its body.
        service: what lets in and embeds.
        body: shape of the body.
        read: the texts in it.

    Raises:
        ServiceError: no place, a bad field, or vectors that are not finite.
    """
    async with AsyncExitStack() as opened:
        received = await service.receive(request, _ACCEPTED, opened)
        opened.enter_context(service.admission.admit())
        asked_body = await json_body(received, body)
        asked = await by_size(received, lambda: read(asked_body))
        prompt_tokens = service.engine.tokenizer.prompt_tokens(asked.instruction)
        vectors = await while_connected(request.receive, service.embed(asked.texts, prompt_tokens))
    for error in vectors.failures.values():
        raise error
    return asked_body, Answered(vectors.rows, sum(len(text.ids) for text in asked.texts))
