"""JSON bodies of requests for vectors."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from spotscribe_common.contract import INSTRUCTION_CHARACTERS, MOST_DIMENSIONS
from spotscribe_common.errors import InvalidRequestError
from spotscribe_embeddings.engines.engine import Engine

# 300,000 tokens of texts in any script, escaped.
BODY_BYTES = 16 << 20


class EmbeddingsBody(BaseModel):
    """Body of `POST /v1/embeddings`. Fields that OpenAI adds later are ignored."""

    model_config = ConfigDict(extra="ignore")
    input: Any = Field(
        description="A text, a list of at most 2,048 texts, a list of token ids, or a list of such lists."
    )
    model: str = Field(min_length=1, max_length=200)
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(
        default=None, ge=1, le=MOST_DIMENSIONS, strict=True, description="If the model can shorten vectors."
    )
    user: str | None = Field(default=None, description="Ignored.")
    instruction: str | None = Field(
        default=None,
        max_length=INSTRUCTION_CHARACTERS,
        description="For models that take one, such as instructor-xl. Not part of OpenAI's API.",
    )
    truncate: bool = Field(
        default=False,
        description=(
            "Whether texts longer than the model's limit are cut and not refused. Not part of OpenAI's API."
        ),
    )


class GenerateBody(BaseModel):
    """Body of `POST /generate-embedding`."""

    model_config = ConfigDict(extra="forbid")
    text: str
    instruction: str | None = Field(default=None, max_length=INSTRUCTION_CHARACTERS)


def check_dimensions(dimensions: int | None, engine: Engine) -> int:
    """The length of the vectors to answer with.

    Raises:
        InvalidRequestError: the model cannot shorten its vectors to it.
    """
    whole = engine.dimensions
    if dimensions is None or dimensions == whole:
        return whole
    if dimensions < whole and engine.can_shorten_to(dimensions):
        return dimensions
    raise InvalidRequestError(
        f"dimensions is {dimensions}, and the vectors of {engine.model} have {whole} numbers, which cannot "
        f"be shortened to it. Leave it out, or send {whole}.",
        param="dimensions",
    )
