"""Trained artifacts that a configuration names: where they lie, and which agents they know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from stigmergy.agents.configs import NanoConfig
from stigmergy.domain import AgentId
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings.document import Problem
from stigmergy.platform.settings.records import Settings
from stigmergy.routers.bandit.artifact import load_for
from stigmergy.routers.colony_artifact import load_trails
from stigmergy.routers.configs import (
    AbilitiesConfig,
    AntColonyConfig,
    BanditConfig,
    EstimatorConfig,
    EvidenceConfig,
    GnnConfig,
    PolicyConfig,
    PredictedAbilitiesConfig,
)
from stigmergy.routers.estimators.artifact import load_arms
from stigmergy.routers.evidence.artifact import load_artifact
from stigmergy.routers.guard.artifact import configured_guard
from stigmergy.routers.guard.config import GuardConfig
from stigmergy.routers.learned_policy.artifact import load_policy
from stigmergy.routers.learned_policy.router import PolicyRouter
from stigmergy.routers.retrieval.config import RetrievalConfig

Config = TypeVar("Config")

_SHOWN = 5


def anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with absolute paths of artifacts: processes that are started elsewhere find them, too."""

    def moved(config: Config) -> Config:
        return _anchored(config, folder)

    return replace(
        settings,
        routers={name: moved(each) for name, each in settings.routers.items()},
        panels={name: moved(each) for name, each in settings.panels.items()},
        models={name: moved(each) for name, each in settings.models.items()},
        graphs={
            name: replace(each, guard=moved(each.guard), retrieval=moved(each.retrieval))
            for name, each in settings.graphs.items()
        },
    )


def _anchored(config: Config, folder: Path) -> Config:
    match config:
        case (
            EstimatorConfig()
            | GnnConfig()
            | PolicyConfig()
            | EvidenceConfig()
            | GuardConfig()
            | BanditConfig(artifact=Path())
        ):
            return replace(config, artifact=(folder / str(config.artifact)).absolute())
        case NanoConfig():
            return replace(config, path=(folder / config.path).absolute())
        case RetrievalConfig(model=Path() as model):
            return replace(config, model=(folder / model).absolute())
        case AntColonyConfig(artifact=trails, abilities=abilities):
            if isinstance(abilities, PredictedAbilitiesConfig):
                abilities = replace(abilities, artifact=(folder / abilities.artifact).absolute())
            begun = None if trails is None else (folder / trails).absolute()
            return replace(config, artifact=begun, abilities=abilities)
        case _:
            return config


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
    """Load what routers, panels and guards were trained to; an artifact of a GNN is not opened here."""
    found: dict[str, tuple[AgentId, ...]] = {}
    problems = []
    entries = {
        **{f"routers.{name}": each for name, each in settings.routers.items()},
        **{f"panels.{name}": each for name, each in settings.panels.items()},
        **{f"graphs.{name}.guard": each.guard for name, each in settings.graphs.items()},
    }
    for path, config in entries.items():
        try:
            if isinstance(config, EstimatorConfig):
                found[path] = load_arms(config.artifact).model.arms
            elif isinstance(config, EvidenceConfig):
                found[path] = load_artifact(config.artifact).policy.roster
            elif isinstance(config, BanditConfig) and config.artifact is not None:
                load_for(config.artifact, config.cost_weight)  # agents that it does not know are learnt
            elif isinstance(config, GuardConfig):
                configured_guard(config)
            elif isinstance(config, GnnConfig) and not config.artifact.is_dir():
                # To look into it takes torch, which not everything that reads a configuration should load.
                problems.append((f"{path}.artifact", f"there is no folder {config.artifact}"))
        except InvalidArtifact as error:
            problems.append((f"{path}.artifact", str(error)))
    return KnownAgents(found, tuple(problems))


def misfits(settings: Settings, graphs: Mapping[str, AgentGraph], known: KnownAgents) -> Iterator[Problem]:
    """Routers and rules of panels that know no agent among which a graph has them choose."""
    for name, graph in graphs.items():
        config = settings.graphs[name]
        for router in dict.fromkeys((config.router, *(config.routers or ()))):
            yield from known.unfit(f"routers.{router}", f"graph {name!r}", graph.agents)
            yield from _policy_problems(settings, router, graph)
        yield from panel_problems(f"graphs.{name}", graph, settings.panels, known)


def _policy_problems(settings: Settings, router: str, graph: AgentGraph) -> Iterator[Problem]:
    """A trained policy that cannot be loaded, or was trained for another graph than the one it is to decide on."""
    config = settings.routers.get(router)
    if isinstance(config, PolicyConfig):
        try:
            PolicyRouter(load_policy(config.artifact)).admit(graph)
        except InvalidArtifact as error:
            yield f"routers.{router}.artifact", f"graph {graph.name!r}: {error}"


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


def trail_problems(settings: Settings, graphs: Collection[AgentGraph]) -> Iterator[Problem]:
    """Colonies that cannot begin from their artifact, would begin from two, or find none of its trails in a graph."""
    begun: dict[str, tuple[str, Path | None]] = {}
    for name, config in settings.routers.items():
        if not isinstance(config, AntColonyConfig):
            continue
        yield from _abilities_that_cannot_be_read(f"routers.{name}.abilities.artifact", config.abilities)
        path, colony = f"routers.{name}.artifact", config.colony or name
        first, artifact = begun.setdefault(colony, (name, config.artifact))
        if artifact != config.artifact:
            yield (
                path,
                f"colony {colony!r} begins from {artifact} in routers.{first}; a colony begins from one artifact",
            )
        elif config.artifact is not None:
            yield from _trails_that_fit_nowhere(path, config.artifact, graphs)


def _abilities_that_cannot_be_read(path: str, config: AbilitiesConfig) -> Iterator[Problem]:
    # That of a network is read where it is served: it needs packages that need not be installed here.
    if isinstance(config, PredictedAbilitiesConfig) and config.kind == "estimator":
        try:
            load_arms(config.artifact)
        except InvalidArtifact as error:
            yield path, str(error)


def _trails_that_fit_nowhere(path: str, artifact: Path, graphs: Collection[AgentGraph]) -> Iterator[Problem]:
    try:
        edges = load_trails(artifact).edges
    except InvalidArtifact as error:
        yield path, str(error)
        return
    if not any(graph.digraph.has_edge(*edge) for graph in graphs for edge in edges):
        known = _names(f"{source} -> {target}" for source, target in edges[:_SHOWN]) or "none"
        yield path, f"no graph has any of its {len(edges)} edges ({known} ...); train it on episodes of these graphs"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
