"""`POST /v1/chat/completions`: what may be asked, and what is refused by name."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from spotscribe_common.contract import Many
from spotscribe_common.errors import InvalidRequestError
from spotscribe_voxtral.chat.json_form import ANY_OBJECT, JsonForm
from spotscribe_voxtral.schemas.reading import read_schema

# More characters do not fit into the model's context of 32 768 tokens, and its tokenizer cannot be stopped.
_MOST_CHARACTERS = 200_000
MOST_AUDIO_PARTS = 16
_MOST_MESSAGES = 200
_MOST_PARTS = 64
# An answer of this length still leaves room in the context for the longest audio.
_MOST_ANSWER_TOKENS = 8_192
_USUAL_ANSWER_TOKENS = 1_024
# What changes no answer. A seed is kept "as far as possible" by OpenAI, too: here, not at all.
_IGNORED = frozenset({
    "metadata", "parallel_tool_calls", "prediction", "prompt_cache_key", "prompt_cache_retention",
    "safety_identifier", "seed", "service_tier", "store", "user",
})  # fmt: skip
# What would change it: refused, unless the value says that nothing is wanted.
_NOTHING_WANTED: dict[str, tuple[object, ...]] = {
    "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "logit_bias": ({},), "presence_penalty": (0,),
    "frequency_penalty": (0,), "stop": ([],), "tools": ([],), "tool_choice": ("none", "auto"),
    "functions": ([],), "function_call": ("none", "auto"), "modalities": (["text"],),
}  # fmt: skip


def _without_nothing(value: object) -> object:
    """Without the fields that are null or empty lists, as clients send back what they were answered."""
    if not isinstance(value, dict):
        return value
    return {name: field for name, field in value.items() if field is not None and field != []}


def _as_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class TextPart(BaseModel):
    """Words."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["text"]
    text: str


class InputAudio(BaseModel):
    """A recording; what it says about its format is not believed."""

    model_config = ConfigDict(extra="forbid")
    data: str = Field(description="The file in base64. Nothing is ever fetched.")
    format: str = Field(default="wav", max_length=16, description="wav, mp3, flac, ogg, m4a, webm …")


class AudioPart(BaseModel):
    """Sound; only the user's messages can have it."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["input_audio"]
    input_audio: InputAudio


Part = Annotated[TextPart | AudioPart, Field(discriminator="type")]
Parts = Annotated[
    Many[Part],
    BeforeValidator(_as_parts, json_schema_input_type=str | list[Part]),
    Field(min_length=1, max_length=_MOST_PARTS),
]


class ChatMessage(BaseModel):
    """A turn. Voxtral knows no system prompt: what it says stands before what the user says next."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "developer", "user", "assistant"]
    content: Parts
    name: str | None = Field(default=None, max_length=100, description="Accepted for compatibility.")

    @model_validator(mode="before")
    @classmethod
    def _sent_back(cls, value: object) -> object:
        return _without_nothing(value)


class StreamOptions(BaseModel):
    """How an answer is streamed."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class JsonSchemaFormat(BaseModel):
    """A schema of the caller's. Its name and `strict` change nothing: answers always keep to the schema."""

    model_config = ConfigDict(extra="ignore")
    json_schema: dict[str, Any] = Field(
        alias="schema", description="Which keywords are supported: docs/analysis.md, Your own JSON schema."
    )


class ResponseFormat(BaseModel):
    """What the answer is to be; JSON is checked, and asked for once more if it has another form."""

    model_config = ConfigDict(extra="ignore")
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchemaFormat | None = None

    def form(self) -> JsonForm | None:
        """The form of an answer that is to be JSON.

        Raises:
            InvalidRequestError: the schema is missing or not supported; the message names the keyword.
        """
        if self.type != "json_schema":
            return ANY_OBJECT if self.type == "json_object" else None
        named = "response_format.json_schema"
        if self.json_schema is None:
            raise InvalidRequestError(f"{named} is missing: send the schema in it.", param=named)
        schema = read_schema(self.json_schema.json_schema, f"{named}.schema").schema()
        return JsonForm(schema, is_own=True)


class ChatRequest(BaseModel):
    """JSON body of `POST /v1/chat/completions`."""

    # The rest is looked at below: some is ignored, some refused.
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    model: str = Field(max_length=200, description="The loaded model's name, or one of its aliases.")
    messages: Many[ChatMessage] = Field(min_length=1, max_length=_MOST_MESSAGES)
    max_completion_tokens: int | None = Field(
        default=None, ge=1, le=_MOST_ANSWER_TOKENS, description=f"{_USUAL_ANSWER_TOKENS} if left out."
    )
    max_tokens: int | None = Field(
        default=None, ge=1, le=_MOST_ANSWER_TOKENS, description="Older name of max_completion_tokens."
    )
    temperature: float = Field(
        default=0.2, ge=0, le=2, description="0 takes the likeliest words. 0.2 as Voxtral's card recommends."
    )
    top_p: float = Field(default=0.95, ge=0, le=1)
    stream: bool = False
    stream_options: StreamOptions = Field(default_factory=StreamOptions)
    response_format: ResponseFormat = Field(default_factory=ResponseFormat)

    @model_validator(mode="before")
    @classmethod
    def _left_out(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: field for name, field in value.items() if field is not None}

    @property
    def answer_tokens(self) -> int:
        """Greatest length of the answer."""
        return self.max_completion_tokens or self.max_tokens or _USUAL_ANSWER_TOKENS


def check_chat(asked: ChatRequest) -> None:
    """Refuses what the model cannot do, so that nobody takes an answer for what it is not.

    Raises:
        InvalidRequestError: naming the field.
    """
    for name, value in (asked.model_extra or {}).items():
        if name in _IGNORED:
            continue
        if name not in _NOTHING_WANTED:
            raise InvalidRequestError(f"{name[:100]} is not a known field. Leave it out.", param=name[:100])
        if not any(value == nothing for nothing in _NOTHING_WANTED[name]):
            raise InvalidRequestError(f"{name} cannot be had of this model. Leave it out.", param=name)
    asked.response_format.form()
    _check_turns(asked.messages)


def _check_turns(messages: list[ChatMessage]) -> None:
    turns = [message for message in messages if message.role in {"user", "assistant"}]
    if turns and turns[0].role == "assistant":
        raise InvalidRequestError("messages: the user must speak before the assistant.", param="messages")
    if messages[-1].role == "assistant":
        raise InvalidRequestError(
            "messages: the last one is the assistant's, and there is nothing to answer. End with the user's.",
            param="messages",
        )
    audio = characters = 0
    for at, message in enumerate(messages):
        for part in message.content:
            if isinstance(part, TextPart):
                characters += len(part.text)
            elif message.role == "user":
                audio += 1
            else:
                raise InvalidRequestError(
                    f"messages.{at}: a message of the {message.role} holds audio, and only the user's can.",
                    param=f"messages.{at}",
                )
    for what, count, most in (
        ("characters of text", characters, _MOST_CHARACTERS),
        ("pieces of audio", audio, MOST_AUDIO_PARTS),
    ):
        if count > most:
            raise InvalidRequestError(
                f"messages hold {count} {what}, and at most {most} are accepted.", param="messages"
            )
