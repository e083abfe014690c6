"""For those who run it: is it alive, is it ready, what has it counted."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from stigmergy.deployments.policy_views import policy_gauges
from stigmergy.platform.runtime import Runtime

router = APIRouter(tags=["service"])
"""Open to everybody."""
counters = APIRouter(tags=["service"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    """The gateway takes tasks."""
    runtime: Runtime = request.app.state.runtime
    return {"status": "ready", "graphs": ", ".join(runtime.graphs)}


@counters.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Counters of the whole cluster and gauges of this replica, in the Prometheus text format."""
    runtime: Runtime = request.app.state.runtime
    counts: Mapping[str, int] = {}
    if request.app.state.link is not None:
        counts = await request.app.state.link.counts()
    gauges: dict[str, float] = {
        "tasks_in_flight": runtime.desk.in_flight + runtime.direct.in_flight,
        "tasks_waiting": runtime.desk.waiting,
        "episodes_not_recorded": runtime.debrief.dropped + runtime.direct.dropped,
        **policy_gauges(runtime.policies.gains.known()),
    }
    lines = [f"stigmergy_{name} {value}" for name, value in sorted({**counts, **gauges}.items())]
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
