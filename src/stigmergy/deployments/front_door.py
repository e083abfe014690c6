"""The way of completions past what Serve does for every request: a middleware of a replica's HTTP server.

HAProxy sends requests straight to that server. Before the application is asked, Serve makes two tasks, a context and
counters for each, which take more processor time than our own part of a completion. What that would give is had
otherwise: who went away is seen by the door itself, requests are counted by HAProxy, limited by
``serving.max_in_flight``, and waited for by the HTTP server when the replica ends. Everything else takes Serve's way.

Serve finds ``middlewares`` by ``RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH``, in every process of its HTTP.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from stigmergy.deployments.api.openai import COMPLETING
from stigmergy.deployments.eager_accepting import accept_all_that_wait

# Serve's own: its handlers write to the replica's file, in batches.
_access_log: Final = logging.getLogger("ray.serve")
_applications: Final[list[Starlette]] = []


def open_front_door(application: Starlette) -> None:
    """From now on completions are answered by this application of this process."""
    _applications[:] = [application]


def middlewares() -> list[Middleware]:
    """What Serve is to put before its own handling of a request."""
    accept_all_that_wait()
    return [Middleware(FrontDoor)]


class FrontDoor:
    """Answers completions in a process that has the application; everything else goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self._serve = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        door = COMPLETING.get(scope.get("path", ""))
        if door is None or not _applications or scope.get("method") != "POST":
            await self._serve(scope, receive, send)
            return
        scope["app"] = _applications[0]
        began, request = time.perf_counter(), Request(scope, receive, send)
        response = await door(request)
        try:
            await response(scope, receive, send)
        finally:
            taken_ms = (time.perf_counter() - began) * 1000
            _tell(scope["path"], request.state.id, response.status_code, taken_ms)


def _tell(path: str, request_id: str, status: int, taken_ms: float) -> None:
    """One line, as Serve writes it of the requests that go its way."""
    extra: dict[str, Any] = {
        "route": path,
        "request_id": request_id,
        "serve_access_log": True,
        "skip_context_filter": True,
    }
    _access_log.info("POST %s %d %.1fms", path, status, taken_ms, extra=extra)
