"""Trained artifacts that a configuration names: where they lie, and which agents they know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stigmergy.domain import AgentId
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.records import Settings
from stigmergy.routers.configs import EstimatorConfig
from stigmergy.routers.estimators.artifact import load_arms


def anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with absolute paths of artifacts: processes that are started elsewhere find them, too."""
    routers = {
        name: replace(each, artifact=(folder / each.artifact).absolute()) if isinstance(each, EstimatorConfig) else each
        for name, each in settings.routers.items()
    }
    return replace(settings, routers=routers)


@dataclass(frozen=True, slots=True)
class KnownAgents:
    """The agents that each trained router knows, by its name, and what is wrong with the files."""

    of: Mapping[str, tuple[AgentId, ...]]
    problems: tuple[Problem, ...]

    def unfit(self, router: str, graph: AgentGraph) -> Iterator[Problem]:
        """The problem of a router that knows no agent of a graph that it serves."""
        known = self.of.get(router)
        if known is not None and graph.agents.isdisjoint(known):
            knows, has = _names(known), _names(graph.agents)
            problem = f"knows no agent of graph {graph.name!r}; it knows {knows}, the graph has {has}"
            yield f"routers.{router}.artifact", f"{problem}; train it on a log of these agents"


def known_agents(settings: Settings) -> KnownAgents:
    """Load what the routers were trained to."""
    found, problems = {}, []
    for name, config in settings.routers.items():
        if isinstance(config, EstimatorConfig):
            try:
                found[name] = load_arms(config.artifact).model.arms
            except InvalidArtifact as error:
                problems.append((f"routers.{name}.artifact", str(error)))
    return KnownAgents(found, tuple(problems))


def _names(agents: Iterable[AgentId]) -> str:
    return ", ".join(sorted(agents))
