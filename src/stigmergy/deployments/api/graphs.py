"""What is served: graphs with health and trails, and the route that a router would take."""

from __future__ import annotations

from fastapi import APIRouter, Request

from stigmergy import wire
from stigmergy.deployments.api.accepting import Submission, parsed, read_body, task_from
from stigmergy.deployments.api.asking import asker_of
from stigmergy.deployments.api.schema import asks, refusals
from stigmergy.deployments.views import graph_model, hop_model, impasse_model, policy_model
from stigmergy.errors import UnknownGraph
from stigmergy.platform.episode.events import HopChosen
from stigmergy.platform.runtime import Runtime, trail_sharers

router = APIRouter(prefix="/v1/graphs", tags=["graphs"])


@router.get("")
async def list_graphs(request: Request) -> wire.ServedModel:
    """Graphs and routers that a task may name, and the trained artifacts that serve at the moment."""
    runtime: Runtime = request.app.state.runtime
    settings = runtime.settings
    return wire.ServedModel(
        graphs=tuple(settings.graphs),
        routers=tuple(settings.routers),
        default_graph=settings.main_graph,
        policies=tuple(policy_model(*each) for each in runtime.watch.snapshots.items()),
    )


@router.get("/{name}", responses=refusals(404))
async def get_graph(request: Request, name: str) -> wire.GraphModel:
    """A graph with the condition of its agents and its trails at this moment."""
    runtime: Runtime = request.app.state.runtime
    graph = runtime.graphs.get(name)
    if graph is None:
        raise UnknownGraph(name, tuple(runtime.graphs))
    trails = [sharer.trails for sharer in trail_sharers(runtime.routers)]
    return graph_model(graph, runtime.settings.offers(name), runtime.health.overlay(), trails)


@router.post("/{name}/route", responses=refusals(400, 404, 422), openapi_extra=asks(wire.TaskRequest))
async def plan_route(request: Request, name: str) -> wire.RouteModel:
    """The best-scored route for a query if every call went well: what is feasible, the scores, the evidence."""
    runtime: Runtime = request.app.state.runtime
    asked = parsed(wire.TaskRequest, await read_body(request))
    submission = Submission(asker_of(request), runtime.clock.now())
    task = task_from(asked.model_copy(update={"graph": name}), runtime.settings, submission)
    planned = runtime.engine.plan(task)
    return wire.RouteModel(
        graph=name,
        router=task.router,
        trade_off=planned.trade_off,
        mixture=planned.features.mixture,
        hops=tuple(hop_model(hop) if isinstance(hop, HopChosen) else impasse_model(hop) for hop in planned.hops),
    )
