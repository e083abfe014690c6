"""Trained artifacts that a configuration names: where they lie, and which agents they know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stigmergy.agents.configs import NanoConfig
from stigmergy.domain import AgentId
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.records import Settings
from stigmergy.routers.bandit.artifact import load_for
from stigmergy.routers.configs import BanditConfig, EstimatorConfig, EvidenceConfig
from stigmergy.routers.estimators.artifact import load_arms
from stigmergy.routers.evidence.artifact import load_artifact


def anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with absolute paths of artifacts: processes that are started elsewhere find them, too."""
    routers = {
        name: replace(each, artifact=(folder / each.artifact).absolute())
        if isinstance(each, EstimatorConfig | BanditConfig) and each.artifact is not None
        else each
        for name, each in settings.routers.items()
    }
    panels = {
        name: replace(each, artifact=(folder / each.artifact).absolute()) if isinstance(each, EvidenceConfig) else each
        for name, each in settings.panels.items()
    }
    models = {
        name: replace(each, path=(folder / each.path).absolute()) if isinstance(each, NanoConfig) else each
        for name, each in settings.models.items()
    }
    return replace(settings, routers=routers, panels=panels, models=models)


@dataclass(frozen=True, slots=True)
class KnownAgents:
    """The agents that what is trained knows, by the path of its entry, and what is wrong with the files."""

    of: Mapping[str, tuple[AgentId, ...]]
    problems: tuple[Problem, ...]

    def unfit(self, entry: str, whose: str, agents: Iterable[AgentId]) -> Iterator[Problem]:
        """The problem of an entry that knows none of the agents among which it is to choose."""
        known = self.of.get(entry)
        if known is not None and set(known).isdisjoint(agents):
            problem = f"knows no agent of {whose}; it knows {_names(known)}, there are {_names(agents)}"
            yield f"{entry}.artifact", f"{problem}; train it on a log of these agents"


def known_agents(settings: Settings) -> KnownAgents:
    """Load what routers and panels were trained to."""
    found: dict[str, tuple[AgentId, ...]] = {}
    problems = []
    entries = {
        **{f"routers.{name}": each for name, each in settings.routers.items()},
        **{f"panels.{name}": each for name, each in settings.panels.items()},
    }
    for path, config in entries.items():
        try:
            if isinstance(config, EstimatorConfig):
                found[path] = load_arms(config.artifact).model.arms
            elif isinstance(config, EvidenceConfig):
                found[path] = load_artifact(config.artifact).policy.roster
            elif isinstance(config, BanditConfig) and config.artifact is not None:
                load_for(config.artifact, config.cost_weight)  # agents that it does not know are learnt
        except InvalidArtifact as error:
            problems.append((f"{path}.artifact", str(error)))
    return KnownAgents(found, tuple(problems))


def panel_problems(path: str, graph: AgentGraph, rules: Collection[str], known: KnownAgents) -> Iterator[Problem]:
    """Panels whose rule is not there, or knows none of their agents; those in branches of fan-outs, too.

    Args:
        path: of the graph in the file.
        graph: as built.
        rules: that are configured.
        known: of ``known_agents``.
    """
    for node, arms in graph.branches.items():
        panel = graph.panels.get(node)
        if panel is None:
            for name, arm in arms.items():
                yield from panel_problems(f"{path}.nodes.{node}.branches.{name}.graph", arm, rules, known)
        elif panel.rule and panel.rule not in rules:
            yield f"{path}.nodes.{node}.rule", f"no rule {panel.rule!r} is in panels; known: {_names(rules) or 'none'}"
        else:
            yield from known.unfit(f"panels.{panel.rule}", f"panel {node!r} of {path}", panel.agents)


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
