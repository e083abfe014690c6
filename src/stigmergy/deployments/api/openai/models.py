"""Graphs as the models that clients of OpenAI's API choose from."""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import to_json

from stigmergy.errors import UnknownGraph, UnknownRouter
from stigmergy.platform.settings import Settings

AT: Final = "@"
_CREATED: Final = 0
"""When a graph was made is not known, and clients insist on a number."""


def list_models(settings: Settings) -> bytes:
    """Every graph by itself, with its default router, and with every router that it offers."""
    names = [
        name for graph in settings.graphs for name in (graph, *(f"{graph}{AT}{r}" for r in settings.offers(graph)))
    ]
    return to_json({"object": "list", "data": [_model(name) for name in names]})


def one_model(name: str, settings: Settings) -> bytes:
    """One of them.

    Raises:
        UnknownGraph, UnknownRouter: there is none of this name.
    """
    named_model(name, settings)
    return to_json(_model(name))


def named_model(name: str, settings: Settings) -> tuple[str, str | None]:
    """The graph and the router that ``GRAPH`` or ``GRAPH@ROUTER`` names; None is the graph's own.

    Raises:
        UnknownGraph, UnknownRouter: it names none.
    """
    graph, _, router = name.partition(AT)
    if graph not in settings.graphs:
        raise UnknownGraph(graph, tuple(settings.graphs))
    if router and router not in settings.offers(graph):
        raise UnknownRouter(router, settings.offers(graph))
    return graph, router or None


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "stigmergy"}
