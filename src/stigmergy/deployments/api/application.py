"""The application: its lifespan, its routes, and how every error is answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import TypeAlias, cast

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from stigmergy import wire
from stigmergy.deployments.api import episodes, graphs, service, tasks
from stigmergy.deployments.coordinator_link import CoordinatorLink
from stigmergy.deployments.translate_errors import http_status, malformed, problem_of
from stigmergy.errors import ServerOverloaded, StigmergyError
from stigmergy.platform.runtime import Runtime

logger = logging.getLogger(__name__)

Living: TypeAlias = Callable[[], AbstractAsyncContextManager[tuple[Runtime, CoordinatorLink | None]]]
"""Makes what the application works with, and closes it after its last request."""


def build_api(living: Living) -> FastAPI:
    """The application around a runtime that lives as long as it does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with living() as (runtime, link):
            app.state.runtime, app.state.link = runtime, link
            yield

    app = FastAPI(title="Stigmergy", version=version("stigmergy"), lifespan=lifespan)
    for room in (tasks, episodes, graphs, service):
        app.include_router(room.router)
    app.add_exception_handler(StigmergyError, _stigmergy_error)
    app.add_exception_handler(ValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)
    return app


async def _stigmergy_error(_request: Request, error: Exception) -> Response:
    return _answer(cast("StigmergyError", error))


async def _validation_error(_request: Request, error: Exception) -> Response:
    return _answer(malformed(cast("ValidationError", error)))


def _answer(error: StigmergyError) -> Response:
    status = http_status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", error.code, error)
    headers = {"retry-after": f"{error.retry_after_s:g}"} if isinstance(error, ServerOverloaded) else {}
    return Response(problem_of(error).model_dump_json(), status, headers, wire.PROBLEM_TYPE)


async def _http_error(_request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    return _problem(refused.status_code, HTTPStatus(refused.status_code).name.lower(), str(refused.detail))


async def _defect(request: Request, error: Exception) -> Response:
    logger.error("defect while answering %s %s", request.method, request.url.path, exc_info=error)
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        f"{type(error).__name__}, a defect; the log of the server says more",
    )


def _problem(status: int, code: str, detail: str) -> Response:
    problem = wire.Problem(
        type=f"urn:stigmergy:error:{code}", title=code.replace("_", " "), status=status, detail=detail, code=code
    )
    return Response(problem.model_dump_json(), status, media_type=wire.PROBLEM_TYPE)
