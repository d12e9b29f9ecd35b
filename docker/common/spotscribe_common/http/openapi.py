"""The description of the HTTP API, made from the code: `/openapi.json`, `/docs`, and the file in `docs/`."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from spotscribe_common.http.http_errors import ErrorBody

_REF = "#/components/schemas/{model}"
# What every route that gives the model work can answer.
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {
        "model": ErrorBody,
        "description": "A field, or a combination of fields, is not acceptable; `param` names it.",
    },
    401: {
        "model": ErrorBody,
        "description": "No API key, or one that is not known, where keys are asked for.",
    },
    404: {"model": ErrorBody, "description": "No such file, or another model than the one that is loaded."},
    408: {"model": ErrorBody, "description": "The body came too slowly, or stopped coming."},
    413: {"model": ErrorBody, "description": "The body is too large."},
    415: {"model": ErrorBody, "description": "A content type that is not accepted."},
    429: {"model": ErrorBody, "description": "The queue is full. `Retry-After` says when to come back."},
    500: {"model": ErrorBody, "description": "A fault of the service. Its log says more."},
    503: {
        "model": ErrorBody,
        "description": (
            "The model is loading or missing, too much is being uploaded, memory or disk is full, or the "
            "service is stopping. `Retry-After` says when to come back."
        ),
    },
}


_KEY = {"type": "http", "description": "If the service was given keys.", "scheme": "bearer"}


def describe_keys(app: FastAPI) -> None:
    """Says in the description that every route may ask for a key.

    The middleware decides who is let in, before a body is read. FastAPI's own way to say it is a dependency,
    which it would resolve again for each request.
    """
    without = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = without()
            schema.setdefault("components", {})["securitySchemes"] = {"HTTPBearer": _KEY}
            for operations in schema["paths"].values():
                for operation in operations.values():
                    operation["security"] = [{"HTTPBearer": []}]
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign]


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON body's schema; the models inside it are those of the answers, which FastAPI describes."""
    schema = model.model_json_schema(ref_template=_REF)
    schema.pop("$defs", None)
    return schema


def whole_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON body's schema with the models inside it written out: no answer has them. None holds itself."""
    schema = model.model_json_schema()
    models = schema.pop("$defs", {})

    def written_out(value: Any) -> Any:
        if isinstance(value, list):
            return [written_out(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        found = models[value["$ref"].rpartition("/")[2]] if "$ref" in value else {}
        # A discriminator names the models by references.
        rest = {name: field for name, field in value.items() if name not in {"$ref", "discriminator"}}
        return {name: written_out(field) for name, field in {**found, **rest}.items()}

    whole: dict[str, Any] = written_out(schema)
    return whole
