"""Deciding about risky hops."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from stigmergy import wire
from stigmergy.deployments.api.accepting import parsed, read_body, storable
from stigmergy.deployments.api.asking import own_task
from stigmergy.deployments.api.schema import may_take, refusals
from stigmergy.deployments.views import task_json
from stigmergy.platform.runtime import Runtime

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])


@router.post(
    "/{task_id}/approve",
    response_model=wire.TaskResult,
    responses=refusals(400, 404, 409, 422, 503),
    openapi_extra=may_take(wire.ApprovalRequest),
)
async def approve(request: Request, task_id: str) -> Response:
    """Let a task take the risky hop that it waits with. The decision is stored before this answers.

    Deciding the same again changes nothing; 409 where nothing is asked, or the opposite was decided.
    """
    return await _decide(request, task_id, approved=True)


@router.post(
    "/{task_id}/reject",
    response_model=wire.TaskResult,
    responses=refusals(400, 404, 409, 422, 503),
    openapi_extra=may_take(wire.ApprovalRequest),
)
async def reject(request: Request, task_id: str) -> Response:
    """Forbid a task the risky hop that it waits with: it goes another way, or is demoted or escalated."""
    return await _decide(request, task_id, approved=False)


async def _decide(request: Request, task_id: str, *, approved: bool) -> Response:
    runtime: Runtime = request.app.state.runtime
    asked = parsed(wire.ApprovalRequest, await read_body(request) or b"{}")
    storable(asked.by, asked.comment)
    await own_task(request, task_id)
    record = await runtime.desk.decide(
        task_id, approved=approved, by=asked.by, comment=asked.comment, place=asked.place or ""
    )
    return Response(task_json(record), media_type="application/json")
