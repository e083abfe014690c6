"""Submitting tasks and asking for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from math import inf, isfinite
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator

from stigmergy import wire
from stigmergy.deployments.api.accepting import Submission, accept, body_hash, parsed, read_body, task_from
from stigmergy.deployments.api.asking import asker_of, own_task
from stigmergy.deployments.api.schema import asks, refusals
from stigmergy.deployments.views import explained, judged, task_json, task_page_json
from stigmergy.domain import Status
from stigmergy.errors import EpisodeNotFound, MalformedRequest, ServerOverloaded
from stigmergy.platform.records import TaskFilter, TaskRecord
from stigmergy.platform.runtime import Runtime
from stigmergy.platform.tasks import Answered

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])


def _no_number(value: object) -> object:
    """Refuse what pydantic would take for seconds since 1970: the document promises ISO 8601."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise ValueError("a date and time as ISO 8601 with its offset is expected, not a number")


_Instant = Annotated[AwareDatetime, BeforeValidator(_no_number)]
_JSON = "application/json"
_LONGEST_WAIT_S = 60.0
_CANCELLED_WITHIN_S = 3.0


@router.post(
    "",
    response_model=wire.TaskResult,
    responses={202: {"model": wire.TaskResult}, **refusals(400, 402, 404, 409, 422, 503)},
    openapi_extra=asks(wire.TaskRequest),
)
async def submit(
    request: Request, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None
) -> Response:
    """Accept a task: its row is stored before this answers.

    With ``wait``, answer when it has ended, or with 202 when it needs an approval.
    """
    runtime: Runtime = request.app.state.runtime
    body = await read_body(request)
    asked = parsed(wire.TaskRequest, body)
    serving = runtime.settings.serving
    if runtime.load >= serving.max_in_flight:
        raise ServerOverloaded(serving.retry_after_s)
    task = task_from(asked, runtime.settings, Submission(asker_of(request), runtime.clock.now(), idempotency_key))
    record = await accept(runtime, task, body_hash(body))
    if not asked.wait:
        return _answer(record, task_json(record))
    answered = await ended(runtime, record.task.id, enough=_stands_still)
    text = task_json(answered.record)
    return _answer(answered.record, explained(text, answered.ran) if asked.explain and answered.ran else text)


@router.get("", response_model=wire.TaskPageModel, responses=refusals(400, 422, 503))
async def list_tasks(
    request: Request,
    graph: str | None = None,
    status: Status | None = None,
    since: _Instant | None = None,
    before: _Instant | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: str | None = None,
) -> Response:
    """Tasks, the last created first; ``since`` (inclusive) and ``before`` are about when they were created."""
    runtime: Runtime = request.app.state.runtime
    narrow = TaskFilter(
        tenant=asker_of(request).tenant,
        graph=graph,
        status=status,
        since=_utc("since", since),
        before=_utc("before", before),
        limit=limit,
        cursor=cursor,
    )
    return Response(task_page_json(await runtime.store.tasks.list(narrow)), media_type=_JSON)


@router.get("/{task_id}", response_model=wire.TaskResult, responses=refusals(400, 404, 503))
async def get_task(
    request: Request, task_id: str, wait_s: Annotated[float, Query(ge=0, le=_LONGEST_WAIT_S)] = 0.0
) -> Response:
    """The task where it stands; with ``wait_s``, as soon as it has ended, at the latest after so many seconds."""
    runtime: Runtime = request.app.state.runtime
    await own_task(request, task_id)
    record = (await ended(runtime, task_id, wait_s)).record
    return Response(judged(task_json(record), await _quality(runtime, record)), media_type=_JSON)


async def _quality(runtime: Runtime, record: TaskRecord) -> float | None:
    """What the task's episode was judged with; None while nobody has, or while it is on its way to the store."""
    if not record.status.ended or record.episode_id is None:
        return None
    try:
        return (await runtime.store.episodes.get(record.episode_id)).quality
    except EpisodeNotFound:
        return None


@router.post(
    "/{task_id}/cancel",
    response_model=wire.TaskResult,
    responses={202: {"model": wire.TaskResult}, **refusals(404, 409, 503)},
)
async def cancel(request: Request, task_id: str) -> Response:
    """End a task, also in the middle of an agent's call, which is charged its worst case.

    200 when it has ended, 202 when the gateway that runs it has yet to notice. A task that was cancelled before stays
    so (200); one that ended otherwise is a 409.
    """
    runtime: Runtime = request.app.state.runtime
    await own_task(request, task_id)
    await runtime.desk.cancel(task_id)
    answered = await ended(runtime, task_id, _CANCELLED_WITHIN_S)
    return _answer(answered.record, task_json(answered.record))


@router.post(
    "/{task_id}/retry",
    status_code=202,
    response_model=wire.TaskResult,
    responses=refusals(404, 409, 503),
)
async def retry(request: Request, task_id: str) -> Response:
    """Have a dead letter run again. What has not ended is left alone (202); what ended otherwise is a 409."""
    runtime: Runtime = request.app.state.runtime
    await own_task(request, task_id)
    record = await runtime.desk.retry(task_id)
    return Response(task_json(record), 202, media_type=_JSON)


def _has_ended(status: Status) -> bool:
    return status.ended


def _stands_still(status: Status) -> bool:
    return status.stands_still


async def ended(
    runtime: Runtime, task_id: str, wait_s: float = inf, enough: Callable[[Status], bool] = _has_ended
) -> Answered:
    """The task at its end, or when time is up. Another replica may be running it, so the store is asked again."""
    until = runtime.clock.monotonic() + wait_s
    while True:
        left = max(0.0, until - runtime.clock.monotonic())
        answered = await runtime.desk.finished(task_id, left if isfinite(left) else None)
        if enough(answered.record.status) or left == 0:
            return answered
        await runtime.desk.pause()


def _answer(record: TaskRecord, text: str) -> Response:
    return Response(text, 200 if record.status.ended else 202, media_type=_JSON)


def _utc(name: str, at: datetime | None) -> datetime | None:
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError:
        raise MalformedRequest(((name, f"{at} lies outside the years 1 to 9999 of UTC"),)) from None
