"""What happens to a task, as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from stigmergy.deployments.api.asking import own_task
from stigmergy.deployments.api.schema import refusals
from stigmergy.deployments.views import task_json
from stigmergy.errors import StigmergyError
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime
from stigmergy.platform.task_events import BEGINNING, ToldEvent

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

HEARTBEAT_S: Final = 15.0
_EVENT_STREAM: Final = "text/event-stream"
_HIGHEST_SEQ: Final = 2**53
_HEARTBEAT: Final = ": still here\n\n"
_EVENT: Final = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["event", "data"],
}
"""Before OpenAPI 3.2 the schema of a stream is that of one event."""

T = TypeVar("T")


@router.get(
    "/{task_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The events.", "content": {_EVENT_STREAM: {"schema": _EVENT}}},
        **refusals(400, 404, 503),
    },
)
async def task_events(
    request: Request,
    task_id: str,
    last_event_id: Annotated[int, Header(ge=BEGINNING, le=_HIGHEST_SEQ)] = BEGINNING,
) -> Response:
    """The events of the task's episode as they happen: ``id`` is the number, ``event`` the kind, ``data`` the JSON.

    ``Last-Event-ID`` leaves out what was received before. The last event is ``end``; its data is the task. While
    nothing happens, a comment is sent every 15 seconds. What another gateway runs is told once its events are stored.
    """
    runtime: Runtime = request.app.state.runtime
    await own_task(request, task_id)  # what is not there is refused before the stream begins
    told = with_heartbeats(runtime.events.tail(task_id, last_event_id), HEARTBEAT_S)
    return StreamingResponse(_stream(task_id, told), media_type=_EVENT_STREAM, headers={"cache-control": "no-cache"})


async def _stream(task_id: str, told: AsyncGenerator[ToldEvent | TaskRecord | None, None]) -> AsyncIterator[str]:
    try:
        async with aclosing(told):
            async for each in told:
                yield _HEARTBEAT if each is None else _written(each)
    except StigmergyError as error:
        # Half of the answer is sent: whoever listens sees no end, and asks again from where it was cut.
        logger.warning("the events of task %s break off: %s", task_id, error)


def _written(told: ToldEvent | TaskRecord) -> str:
    if isinstance(told, TaskRecord):
        return f"event: end\ndata: {task_json(told)}\n\n"
    return f"id: {told.seq}\nevent: {told.kind}\ndata: {told.payload}\n\n"


async def with_heartbeats(items: AsyncGenerator[T, None], every_s: float) -> AsyncGenerator[T | None, None]:
    """The items as they come, and None whenever ``every_s`` seconds went by without one."""
    coming: asyncio.Task[list[T]] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_next(items))
            await asyncio.wait([coming], timeout=every_s)
            if not coming.done():
                yield None
                continue
            arrived, coming = coming.result(), None
            if not arrived:
                return
            yield arrived[0]
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await items.aclose()


async def _next(items: AsyncIterator[T]) -> list[T]:
    """The next item; empty when there is none."""
    async for item in items:
        return [item]
    return []
