"""OpenAI's list of models: the loaded one, and its other names."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter

from spotscribe_common.http.openapi import ERRORS
from spotscribe_common.requests.model_names import check_name


def add_models(router: APIRouter, loaded: Callable[[], str], aliases: Sequence[str]) -> None:
    """Adds `GET /models` and `GET /models/{name}`.

    Args:
        router: of OpenAI's routes.
        loaded: name of the loaded model.
        aliases: its other names.
    """
    began = int(time.time())

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The loaded model and its other names."""
        names = dict.fromkeys([loaded(), *aliases])
        return {"object": "list", "data": [_model(name, began) for name in names]}

    @router.get("/models/{name:path}", responses={404: ERRORS[404]})
    async def model(name: str) -> dict[str, Any]:
        """The loaded model, by any of its names."""
        check_name(name, loaded(), aliases)
        return _model(name, began)


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "spotscribe"}
