"""Submitting tasks and asking for them."""

from __future__ import annotations

from math import inf, isfinite
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from stigmergy import wire
from stigmergy.deployments.api.accepting import body_hash, parsed, read_body, task_from
from stigmergy.deployments.views import explained, judged, task_json
from stigmergy.errors import EpisodeNotFound, ServerOverloaded
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime
from stigmergy.platform.tasks import Answered

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

_JSON = "application/json"
_LONGEST_WAIT_S = 60.0


@router.post(
    "",
    response_model=wire.TaskResult,
    responses={202: {"model": wire.TaskResult}},
    openapi_extra={
        "requestBody": {"required": True, "content": {_JSON: {"schema": wire.TaskRequest.model_json_schema()}}}
    },
)
async def submit(
    request: Request, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None
) -> Response:
    """Accept a task: its row is stored before this answers. With ``wait``, answer when it has ended."""
    runtime: Runtime = request.app.state.runtime
    body = await read_body(request)
    asked = parsed(wire.TaskRequest, body)
    serving = runtime.settings.serving
    if runtime.desk.in_flight >= serving.max_in_flight:
        raise ServerOverloaded(serving.retry_after_s)
    task = task_from(asked, runtime.settings, runtime.clock.now(), idempotency_key)
    record = await runtime.desk.accept(task, body_hash(body))
    if not asked.wait:
        return _answer(record, task_json(record))
    answered = await _ended(runtime, record.task.id)
    text = task_json(answered.record)
    return _answer(answered.record, explained(text, answered.ran) if asked.explain and answered.ran else text)


@router.get("/{task_id}", response_model=wire.TaskResult)
async def get_task(
    request: Request, task_id: str, wait_s: Annotated[float, Query(ge=0, le=_LONGEST_WAIT_S)] = 0.0
) -> Response:
    """The task where it stands; with ``wait_s``, as soon as it has ended, at the latest after so many seconds."""
    runtime: Runtime = request.app.state.runtime
    record = (await _ended(runtime, task_id, wait_s)).record
    return Response(judged(task_json(record), await _quality(runtime, record)), media_type=_JSON)


async def _quality(runtime: Runtime, record: TaskRecord) -> float | None:
    """What the task's episode was judged with; None while nobody has, or while it is on its way to the store."""
    if not record.status.ended or record.episode_id is None:
        return None
    try:
        return (await runtime.store.episodes.get(record.episode_id)).quality
    except EpisodeNotFound:
        return None


async def _ended(runtime: Runtime, task_id: str, wait_s: float = inf) -> Answered:
    """The task at its end, or when time is up. Another replica may be running it, so the store is asked again."""
    until = runtime.clock.monotonic() + wait_s
    while True:
        left = max(0.0, until - runtime.clock.monotonic())
        answered = await runtime.desk.finished(task_id, left if isfinite(left) else None)
        if answered.record.status.ended or left == 0:
            return answered
        await runtime.desk.pause()


def _answer(record: TaskRecord, text: str) -> Response:
    return Response(text, 200 if record.status.ended else 202, media_type=_JSON)
