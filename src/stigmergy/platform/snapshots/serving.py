"""All that decides in one process, built from the settings; what was trained by its snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings import Settings
from stigmergy.platform.settings.artifacts import KnownAgents, misfits
from stigmergy.platform.snapshots.served import ServedGuard, ServedLearner, ServedPolicy, ServedRouter, ServedRule
from stigmergy.platform.snapshots.snapshot import ArtifactSnapshot
from stigmergy.routers.base import Router
from stigmergy.routers.catalog import build_panel_rule, build_routers, load_router, load_rule, load_trained
from stigmergy.routers.configs import EstimatorConfig, EvidenceConfig, GnnConfig, PolicyConfig
from stigmergy.routers.evidence.router import PanelRule
from stigmergy.routers.guard.artifact import configured_guard
from stigmergy.routers.guard.guard import QueryGuard
from stigmergy.routers.query_features import HashedNgrams
from stigmergy.routers.trained import Trained

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """All that decides, by name (a guard by that of its graph).

    ``snapshots`` are the artifacts behind it by their entry in the configuration: ``routers.near``, ``panels.asked``,
    ``graphs.main.guard``.
    """

    routers: Mapping[str, Router]
    rules: Mapping[str, PanelRule]
    guards: Mapping[str, QueryGuard]
    snapshots: Mapping[str, ArtifactSnapshot[Any]]


def serving_of(settings: Settings, graphs: Mapping[str, AgentGraph]) -> Serving:
    """Build what decides; what was trained is loaded, and checked against the graphs.

    Raises:
        InvalidArtifact: an artifact is damaged, or does not fit.
        MissingExtra: the packages for one are not installed.
    """
    shelf = _Shelf(settings, graphs)
    trained = _trained_routers(settings, shelf)
    rules: dict[str, PanelRule] = {}
    for name, rule in settings.panels.items():
        if isinstance(rule, EvidenceConfig):
            rules[name] = ServedRule(shelf.put(f"panels.{name}", rule.artifact, partial(load_rule, rule)))
        else:
            rules[name] = build_panel_rule(rule)
    guarded = {name: graph.guard for name, graph in settings.graphs.items() if graph.guard is not None}
    guards = {
        name: ServedGuard(shelf.put(f"graphs.{name}.guard", guard.artifact, partial(configured_guard, guard)))
        for name, guard in guarded.items()
    }
    plain = build_routers({name: config for name, config in settings.routers.items() if name not in trained})
    routers = {name: trained.get(name) or plain[name] for name in settings.routers}
    return Serving(routers=routers, rules=rules, guards=guards, snapshots=shelf.snapshots)


@runtime_checkable
class Admitting(Protocol):
    """A router that says itself which graphs it fits: a GNN takes any agent that it knows or finds described."""

    def admit(self, graph: AgentGraph, features: str) -> None:
        """Raises InvalidArtifact where it does not fit the graph, or the version of its queries' features."""
        ...


class _Shelf:
    """Snapshots by entry, each with a check against the graphs that it is to serve."""

    def __init__(self, settings: Settings, graphs: Mapping[str, AgentGraph]) -> None:
        self._settings = settings
        self._graphs = graphs
        self.snapshots: dict[str, ArtifactSnapshot[Any]] = {}

    def put(self, entry: str, path: Path, load: Callable[[], Trained[T]]) -> ArtifactSnapshot[T]:
        snapshot = ArtifactSnapshot(
            path, load, lambda found: check_fit(self._settings, self._graphs, entry, path, found)
        )
        self.snapshots[entry] = snapshot
        return snapshot


def _trained_routers(settings: Settings, shelf: _Shelf) -> dict[str, Router]:
    made: dict[str, Router] = {}
    for name, config in settings.routers.items():
        entry = f"routers.{name}"
        match config:
            case EstimatorConfig():
                made[name] = ServedRouter(shelf.put(entry, config.artifact, partial(load_router, config)))
            case GnnConfig():
                made[name] = ServedLearner(shelf.put(entry, config.artifact, partial(load_router, config)))
            case PolicyConfig():
                made[name] = ServedPolicy(shelf.put(entry, config.artifact, partial(load_trained, name, config)))
    return made


def check_fit(
    settings: Settings, graphs: Mapping[str, AgentGraph], entry: str, path: Path, found: Trained[Any]
) -> None:
    """Hold what was trained against the graphs that it is to serve.

    Args:
        settings: what is configured.
        graphs: as built.
        entry: in the configuration, as ``Serving.snapshots`` has it.
        path: of the artifact.
        found: what is in it.

    Raises:
        InvalidArtifact: it knows no agent of a graph, or says itself that it does not fit.
    """
    if isinstance(found.serves, Admitting):
        _admit(settings, graphs, entry, found.serves)
        return
    for _, problem in misfits(settings, graphs, KnownAgents({entry: found.agents}, ())):
        raise InvalidArtifact(str(path), problem)


def _admit(settings: Settings, graphs: Mapping[str, AgentGraph], entry: str, router: Admitting) -> None:
    for name, graph in graphs.items():
        config = settings.graphs[name]
        if entry.removeprefix("routers.") in (config.router, *(config.routers or ())):
            router.admit(graph, HashedNgrams().version)
