"""The voices of the loaded model."""

from fastapi import APIRouter
from pydantic import BaseModel

from spotscribe_common.http.openapi import ERRORS
from spotscribe_speech.service import SpeechService


class DescribedVoice(BaseModel):
    """A voice: languages are ISO 639-1 codes, aliases the names of OpenAI's voices that it stands in for."""

    id: str
    languages: list[str]
    description: str
    aliases: list[str]


class VoiceList(BaseModel):
    """Answer of `GET /voices`: the first voice is the default. `license` is that of the model."""

    voices: list[DescribedVoice]
    model: str
    license: str | None


def voice_routes(service: SpeechService) -> APIRouter:
    """`/voices`, also under `/v1`."""
    router = APIRouter(tags=["Spotscribe"])

    @router.get("/voices", responses={503: ERRORS[503]})
    async def voices() -> VoiceList:
        """The voices that requests may name, the default first."""
        service.check_ready()
        engine = service.engine
        found = [
            DescribedVoice(
                id=voice.id,
                languages=list(voice.languages),
                description=voice.description,
                aliases=[alias for alias, name in engine.aliases.items() if name == voice.id],
            )
            for voice in engine.voices
        ]
        return VoiceList(voices=found, model=engine.model, license=engine.license)

    router.add_api_route("/v1/audio/voices", voices, responses={503: ERRORS[503]}, name="v1_voices")
    return router
