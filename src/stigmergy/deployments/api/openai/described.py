"""The OpenAI doors as the OpenAPI document tells of them: they are plain routes, which FastAPI leaves out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from stigmergy.deployments.api.schema import asks
from stigmergy.wire_openai import ChatRequest, ResponseRequest

_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_REFUSED: Final = {"description": "An error as OpenAI tells it.", "content": {"application/json": {"schema": _ERROR}}}
_OBJECT: Final[Mapping[str, Any]] = {"application/json": {"schema": {"type": "object"}}}
_EVENTS: Final[Mapping[str, Any]] = {"text/event-stream": {"schema": {"type": "string"}}}
_MODEL: Final = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}


def openai_paths() -> dict[str, Any]:
    """The path items of the document."""
    return {
        "/v1/chat/completions": {"post": _generation("A chat completion by a graph", ChatRequest)},
        "/v1/responses": {"post": _generation("A response by a graph, of text", ResponseRequest)},
        "/v1/models": {"get": _operation("The graphs, as models", _OBJECT)},
        "/v1/models/{model}": {"get": {**_operation("One graph, as a model", _OBJECT), "parameters": [_MODEL]}},
    }


def _generation(summary: str, asked: type[BaseModel]) -> dict[str, Any]:
    return {**_operation(summary, {**_OBJECT, **_EVENTS}), **asks(asked)}


def _operation(summary: str, content: Mapping[str, Any]) -> dict[str, Any]:
    answered = {"description": "The document of OpenAI's API.", "content": dict(content)}
    responses = {"200": answered, "4XX": _REFUSED, "5XX": _REFUSED}
    return {"tags": ["openai"], "summary": summary, "responses": responses}
