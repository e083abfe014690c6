"""What the OpenAPI document says beyond what FastAPI finds out by itself: bodies that we read, and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from stigmergy import wire

_COMPONENTS = "#/components/schemas/{model}"
_REFUSALS = {
    400: "The request cannot be read.",
    401: "No key of this server was sent.",
    402: "The budget of the tenant or of its key is used up.",
    403: "The key is not an operator's.",
    404: "Something that it names is not there.",
    409: "It contradicts what was done before.",
    422: "It was read and cannot be done.",
    503: "There is no room, or no store, at the moment.",
}
_ASKED: set[type[BaseModel]] = set()


def asks(model: type[BaseModel]) -> dict[str, Any]:
    """The ``openapi_extra`` of a door that reads its body itself."""
    return {"requestBody": {"required": True, **_body(model)}}


def may_take(model: type[BaseModel]) -> dict[str, Any]:
    """The ``openapi_extra`` of a door that reads its body itself, if there is one."""
    return {"requestBody": _body(model)}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    _ASKED.add(model)
    schema = {"$ref": _COMPONENTS.format(model=model.__name__)}
    return {"content": {"application/json": {"schema": schema}}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a door for these statuses: problem documents."""
    schema = {"$ref": _COMPONENTS.format(model=wire.Problem.__name__)}
    content = {wire.PROBLEM_TYPE: {"schema": schema}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": _REFUSALS[status], "content": content} for status in statuses
    }
    if HTTPStatus.UNPROCESSABLE_ENTITY not in told:
        # Else FastAPI would claim its own document for wrong parameters, which we answer with 400.
        told["4XX"] = {"description": "Refused.", "content": content}
    return told


def name_requests(app: FastAPI, paths: Mapping[str, Any]) -> None:
    """Put the models that ``asks`` and ``refusals`` refer to among the document's components, and ``paths`` in it."""
    generated = app.openapi

    @cache
    def document() -> dict[str, Any]:
        asked = sorted(_ASKED, key=lambda model: model.__name__)
        _, defined = models_json_schema(
            [*((model, "validation") for model in asked), (wire.Problem, "validation")], ref_template=_COMPONENTS
        )
        made = generated()
        made["paths"].update(paths)
        made.setdefault("components", {}).setdefault("schemas", {}).update(defined["$defs"])
        return made

    app.openapi = document  # type: ignore[method-assign]
