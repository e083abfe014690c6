"""The application: its lifespan, its routes, and how every error is answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from stigmergy import wire
from stigmergy.deployments.api import approvals, batches, episodes, events, graphs, policies, schema, service, tasks
from stigmergy.deployments.api.asking import identify
from stigmergy.deployments.api.openai import openai_paths, openai_routes
from stigmergy.deployments.problems import http_status, malformed, problem_of
from stigmergy.errors import ServerOverloaded, StigmergyError, Unauthorized
from stigmergy.platform.runtime import Runtime

if TYPE_CHECKING:
    from stigmergy.deployments.coordinator_link import CoordinatorLink

logger = logging.getLogger(__name__)

Living: TypeAlias = "Callable[[], AbstractAsyncContextManager[tuple[Runtime, CoordinatorLink | None]]]"
"""Makes what the application works with, and closes it after its last request."""


def build_api(living: Living) -> FastAPI:
    """The application around a runtime that lives as long as it does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with living() as (runtime, link):
            app.state.runtime, app.state.link = runtime, link
            yield

    app = FastAPI(title="Stigmergy", version=version("stigmergy"), lifespan=lifespan)
    # Routes are tried in their order, and FastAPI takes long to look through a router: what is asked most is first.
    app.routes.extend(openai_routes())
    app.include_router(service.router)
    told: dict[int | str, dict[str, Any]] = {HTTPStatus.UNAUTHORIZED.value: schema.refusals(401)[401]}
    for room in (tasks, approvals, batches, events, episodes, graphs, policies):
        app.include_router(room.router, dependencies=[Depends(identify)], responses=told)
    app.include_router(service.counters, dependencies=[Depends(identify)], responses=told)
    app.add_exception_handler(StigmergyError, _stigmergy_error)
    app.add_exception_handler(RequestValidationError, _parameter_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)
    schema.name_requests(app, openai_paths())
    return app


async def _stigmergy_error(_request: Request, error: Exception) -> Response:
    return _answer(cast("StigmergyError", error))


async def _parameter_error(_request: Request, error: Exception) -> Response:
    return _answer(malformed(cast("RequestValidationError", error).errors()))


def _answer(error: StigmergyError) -> Response:
    status = http_status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", error.code, error)
    # In HTTP these are whole seconds; the problem document has the exact figure.
    headers = {"retry-after": str(ceil(error.retry_after_s))} if isinstance(error, ServerOverloaded) else {}
    if isinstance(error, Unauthorized):
        headers = {"www-authenticate": "Bearer"}
    return Response(problem_of(error).model_dump_json(), status, headers, wire.PROBLEM_TYPE)


async def _http_error(_request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    answer = _problem(refused.status_code, HTTPStatus(refused.status_code).name.lower(), str(refused.detail))
    answer.headers.update(refused.headers or {})
    return answer


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
