"""What the shape of the file cannot tell: names that point nowhere, graphs that cannot be served, missing prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from stigmergy.agents.catalog import profile_of
from stigmergy.agents.configs import LlmConfig, LlmJudgeConfig
from stigmergy.domain import AgentProfile, Price
from stigmergy.errors import StigmergyError, UnpricedAgent
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings.artifacts import KnownAgents, known_agents, misfits, trail_problems
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.prices import unpriced_models
from stigmergy.platform.settings.records import GraphConfig, Settings
from stigmergy.platform.settings.vllm import misplaced_vllm
from stigmergy.routers.configs import FixedPathConfig


def contradictions(settings: Settings) -> list[Problem]:
    """Every mistake in settings whose shape is right."""
    return [
        *_agents(settings),
        *unpriced_models(settings),
        *misplaced_vllm(settings),
        *_graphs(settings),
        *_colonies(settings),
        *_defaults(settings),
        *_tenants(settings),
    ]


def _agents(settings: Settings) -> Iterator[Problem]:
    for name, config in settings.agents.items():
        if isinstance(config, LlmConfig) and config.model not in settings.models:
            yield f"agents.{name}.model", f"no model {config.model!r} is declared; known: {_names(settings.models)}"
            continue
        try:
            profile_of(name, config, settings.models)
        except UnpricedAgent as error:
            # What is missing at a model is told once, at the model.
            if not isinstance(config, LlmConfig):
                yield f"agents.{name}.price", str(error)
        except StigmergyError as error:
            yield f"agents.{name}.price", str(error)


def _graphs(settings: Settings) -> Iterator[Problem]:
    profiles, known = _priced(settings), known_agents(settings)
    yield from known.problems
    for name, config in settings.graphs.items():
        path = f"graphs.{name}"
        if config.router not in settings.routers:
            yield f"{path}.router", f"no router {config.router!r} is configured; known: {_names(settings.routers)}"
        for place, router in enumerate(config.routers or ()):
            if router not in settings.routers:
                known_routers = _names(settings.routers)
                yield f"{path}.routers[{place}]", f"no router {router!r} is configured; known: {known_routers}"
        judge = config.evaluator
        if isinstance(judge, LlmJudgeConfig) and judge.model not in settings.models:
            yield f"{path}.evaluator.model", f"no model {judge.model!r} is declared; known: {_names(settings.models)}"
        yield from _retrieval(path, config)
        yield from _graph(settings, path, config, profiles, known)


def _retrieval(path: str, config: GraphConfig) -> Iterator[Problem]:
    model = None if config.retrieval is None else config.retrieval.model
    if model is not None and not model.is_dir():
        yield (
            f"{path}.retrieval.model",
            f"no folder {str(model)!r} is there; name one with a sentence-transformers model",
        )


def _graph(
    settings: Settings, path: str, config: GraphConfig, profiles: dict[str, AgentProfile], known: KnownAgents
) -> Iterator[Problem]:
    for node, spec in config.nodes.items():
        loss = getattr(spec, "loss", 0.0)
        if not 0 <= loss <= 1:
            yield f"{path}.nodes.{node}.loss", f"{loss} is not in [0, 1]"
    try:
        graph = AgentGraph(path.removeprefix("graphs."), config, {**_unpriced(settings), **profiles})
    except StigmergyError as error:
        yield path, str(error)
        return
    yield from misfits(settings, {graph.name: graph}, known)
    for place, agent in config.monitors.agents().items():
        if agent not in graph.agents:
            yield (
                f"{path}.monitors.{place}",
                f"no agent {agent!r} works in this graph; its agents: {_names(graph.agents)}",
            )


def _colonies(settings: Settings) -> Iterator[Problem]:
    try:
        graphs = settings.build_graphs()
    except StigmergyError:  # reported by _agents or _graphs
        return
    yield from trail_problems(settings, tuple(graphs.values()))


def _defaults(settings: Settings) -> Iterator[Problem]:
    host = settings.serving.host
    if not settings.tenants and not _is_loopback(host):
        yield (
            "serving.host",
            f"{host!r} is not loopback; without `tenants` it must be 127.0.0.1 or localhost",
        )
    if settings.default_graph is not None and settings.default_graph not in settings.graphs:
        yield "default_graph", f"no graph {settings.default_graph!r}; known: {_names(settings.graphs)}"
    for name, router in settings.routers.items():
        if isinstance(router, FixedPathConfig) and not router.route:
            yield f"routers.{name}.route", "is empty; name the nodes between START and GOAL"
    if settings.serving.gateway_replicas + settings.workers.replicas > 1 and settings.store.url.startswith("memory:"):
        yield (
            "store.url",
            "a memory store is private to one process; with workers or several gateways use sqlite or postgresql",
        )
    if not settings.engine.max_running and not settings.workers.replicas:
        yield "engine.max_running", "is 0 and there are no workers; let gateways run tasks, or set workers.replicas"


def _tenants(settings: Settings) -> Iterator[Problem]:
    places: dict[tuple[str | None, str | None], str] = {}
    for tenant, config in settings.tenants.items():
        for key, known in config.keys.items():
            path = f"tenants.{tenant}.keys.{key}"
            if (known.hash is None) is (known.env is None):
                yield path, "give either `hash` (see `stigmergy keys new`) or `env`"
                continue
            first = places.setdefault((known.hash, known.env), path)
            if first != path:
                yield path, f"is the same key as {first}; a key belongs to one tenant"
        if "/" in tenant:
            yield f"tenants.{tenant}", "has a slash in its name, which parts tenants from keys in account names"


def _priced(settings: Settings) -> dict[str, AgentProfile]:
    found = {}
    for name, config in settings.agents.items():
        try:
            found[name] = profile_of(name, config, settings.models)
        except StigmergyError:  # reported by _agents under the agent's own path
            continue
    return found


def _unpriced(settings: Settings) -> dict[str, AgentProfile]:
    """Stand-ins for agents whose price is missing, so that this one mistake is not reported again by every graph."""
    return {name: AgentProfile(id=name, price=Price()) for name in settings.agents}


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _names(known: Iterable[str]) -> str:
    return ", ".join(sorted(known)) or "none"
