"""Submitting many tasks at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from stigmergy import wire
from stigmergy.deployments.api.accepting import Submission, accept, body_hash, parsed, read_body, task_from
from stigmergy.deployments.api.asking import asker_of
from stigmergy.deployments.api.schema import asks, refusals
from stigmergy.deployments.problems import problem_of
from stigmergy.deployments.views import task_json
from stigmergy.errors import ServerOverloaded, StigmergyError
from stigmergy.platform.keyring import Asker
from stigmergy.platform.runtime import Runtime

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

_MOST_BYTES: Final = 16_000_000
_KEY: Final = "idempotency_key"


class _Batch(wire.Asked):
    """A batch whose tasks are read one by one, so that a wrong one spoils no other."""

    tasks: list[Any] = Field(min_length=1, max_length=wire.MAX_BATCH)


@router.post(
    "/batch",
    response_model=wire.BatchResult,
    responses=refusals(400, 422, 503),
    openapi_extra=asks(wire.BatchRequest),
)
async def submit_batch(request: Request) -> Response:
    """Accept up to 1000 tasks without waiting for their ends; each is stored, or refused on its own, in its place.

    What exceeds the gateway's room is refused as ``server_overloaded``: send it again later.
    """
    runtime: Runtime = request.app.state.runtime
    batch = parsed(_Batch, await read_body(request, _MOST_BYTES))
    serving = runtime.settings.serving
    room = max(0, serving.max_in_flight - runtime.load)
    # Side by side, so that the store takes many rows into one transaction.
    taken = await asyncio.gather(*(_outcome(runtime, asker_of(request), item) for item in batch.tasks[:room]))
    full = wire.BatchOutcome(problem=problem_of(ServerOverloaded(serving.retry_after_s)))
    result = wire.BatchResult(outcomes=(*taken, *(full for _ in batch.tasks[room:])))
    return Response(result.model_dump_json(), media_type="application/json")


async def _outcome(runtime: Runtime, asker: Asker, item: Any) -> wire.BatchOutcome:
    try:
        asked = parsed(wire.BatchTask, json.dumps(item).encode())
        task = task_from(asked, runtime.settings, Submission(asker, runtime.clock.now(), asked.idempotency_key))
        record = await accept(runtime, task, _hash_of(item))
    except StigmergyError as error:
        return wire.BatchOutcome(problem=problem_of(error))
    return wire.BatchOutcome(task=wire.TaskResult.model_validate_json(task_json(record)))


def _hash_of(item: dict[str, Any]) -> str:
    """Of what makes the task, in whatever order it was written."""
    return body_hash(json.dumps({name: item[name] for name in item if name != _KEY}, sort_keys=True).encode())
