"""What is served: graphs with health and trails, and the route that a router would take."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

from fastapi import APIRouter, Request

from stigmergy import wire
from stigmergy.deployments.api.accepting import Submission, parsed, read_body, task_from
from stigmergy.deployments.api.asking import asker_of, own_episode
from stigmergy.deployments.api.schema import asks, refusals
from stigmergy.deployments.trail_views import episodes_in, trails_model
from stigmergy.deployments.views import graph_model, hop_model, impasse_model, policy_model
from stigmergy.domain import EpisodeId
from stigmergy.errors import EpisodeNotFound, UnknownGraph
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode.events import HopChosen
from stigmergy.platform.runtime import Runtime, trail_sharers
from stigmergy.platform.settings import old_prices
from stigmergy.routers.ant_colony import AntColonyRouter

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
        version=version("stigmergy"),
        config=settings.fingerprint,
        store=settings.store.url.partition(":")[0].partition("+")[0],
        in_flight=runtime.desk.in_flight,
        warnings=tuple(f"{path} {problem}" for path, problem in old_prices(settings, runtime.clock.now().date())),
    )


@router.get("/{name}", responses=refusals(404))
async def get_graph(request: Request, name: str) -> wire.GraphModel:
    """A graph with the condition of its agents and its trails at this moment."""
    runtime: Runtime = request.app.state.runtime
    graph = _served(runtime, name)
    trails = [sharer.trails for sharer in trail_sharers(runtime.routers)]
    return graph_model(graph, runtime.settings.offers(name), runtime.health.overlay(), trails)


@router.get("/{name}/trails", responses=refusals(404, 503))
async def get_trails(request: Request, name: str) -> wire.TrailsModel:
    """What every colony has learnt on a graph, and from which past episodes; those of other tenants are not named."""
    runtime: Runtime = request.app.state.runtime
    graph = _served(runtime, name)
    colonies = (each for each in trail_sharers(runtime.routers) if isinstance(each, AntColonyRouter))
    reports = [colony.interpret() for colony in colonies]
    hidden = await _foreign(request, episodes_in(reports)) if runtime.settings.tenants else ()
    return trails_model(graph, reports, hidden)


async def _foreign(request: Request, episodes: Iterable[EpisodeId]) -> set[EpisodeId]:
    """Those of the episodes that are not the asker's, or not stored any more: nobody can say whose they were."""
    runtime: Runtime = request.app.state.runtime
    foreign = set()
    for episode_id in episodes:
        try:
            own_episode(request, await runtime.store.episodes.get(episode_id))
        except EpisodeNotFound:
            foreign.add(episode_id)
    return foreign


def _served(runtime: Runtime, name: str) -> AgentGraph:
    graph = runtime.graphs.get(name)
    if graph is None:
        raise UnknownGraph(name, tuple(runtime.graphs))
    return graph


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
