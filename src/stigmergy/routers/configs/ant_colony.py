"""The ant colony, its heuristic, and where abilities are taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from stigmergy.domain import AgentId, TaskType
from stigmergy.routers.configs.ranges import TINY, require
from stigmergy.routers.configs.selection import ProportionalConfig, SelectionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class HeuristicConfig:
    """What an ant can see of a hop before it goes.

    ``eta = ability x norm(max(0, ability - price x price_share)) + load x norm(1 / (load + load_offset))
    + response x norm(1 / (seconds + response_offset_s))``, never below
    ``floor`` > 0; ``norm`` divides by the greatest among the candidates.
    """

    ability: float = 0.6
    price: float = 0.0
    load: float = 0.2
    response: float = 0.2
    load_offset: float = 1.0
    response_offset_s: float = 0.1
    floor: float = 0.001

    def __post_init__(self) -> None:
        for name in ("ability", "price", "load", "response"):
            require(name, getattr(self, name), least=0.0)
        for name in ("load_offset", "response_offset_s", "floor"):
            require(name, getattr(self, name), least=TINY)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAbilitiesConfig:
    """Presumed abilities in [0, 1] by agent and task type; what the table leaves out is told by the agent's profile."""

    kind: Literal["table"] = "table"
    abilities: Mapping[AgentId, Mapping[TaskType, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for agent, row in self.abilities.items():
            for task_type, ability in row.items():
                require(f"abilities.{agent}.{task_type}", ability, least=0.0, most=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedAbilitiesConfig:
    """Presumed abilities of the query at hand, predicted by a trained ``artifact``; gnn needs the extra ``gnn``.

    A relative path is taken from the folder of the configuration file.
    """

    kind: Literal["gnn", "estimator"]
    artifact: Path


AbilitiesConfig: TypeAlias = TableAbilitiesConfig | PredictedAbilitiesConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class AntColonyConfig:
    """Trails per task type (AMRO-S), learnt from judged episodes.

    Attributes:
        colony: the name under which trails are shared; routers of one colony learn together. Empty: the router's own.
        alpha: exponent of the trail.
        beta: exponent of the heuristic.
        rho: share of a trail that evaporates at each tick, in [0, 1].
        forgetting: share of the running mean utilities' weight that is forgotten at each tick, in [0, 1].
        step_size: learning rate of the advantage rule.
        cost_weight: what going from the cheapest to the dearest route is worth in quality; chosen on learning episodes.
        trail_low: least reading of a trail, in (0, 1].
        trail_high: greatest reading of a trail, at least 1.
        quality_gate: least quality, in [0, 1], of an episode that went right; below it no trail is strengthened.
        ability_strength: the number of steps that a prior ability counts for, above 0.
        unknown_ability: prior of an agent of which none is known for a task type, in [0, 1].
        abilities: where priors of abilities come from; by default a table that leaves all to the agents' profiles.
        artifact: trails of ``stigmergy train ant-colony`` to begin from; None: from nothing. A relative path is taken
            from the folder of the configuration file.
        rule: ``advantage`` (ours) or ``amro`` (as published; it drifts to cheap routes).
        heuristic: weights of what is seen before a hop.
        selection: proportional explores as the published rule does.
    """

    kind: Literal["ant_colony"] = "ant_colony"
    colony: str = ""
    alpha: float = 1.0
    beta: float = 1.0
    rho: float = 0.02
    forgetting: float = 0.1
    step_size: float = 0.3
    cost_weight: float = 0.3
    trail_low: float = 0.05
    trail_high: float = 20.0
    quality_gate: float = 0.5
    ability_strength: float = 5.0
    unknown_ability: float = 0.5
    abilities: AbilitiesConfig = field(default_factory=TableAbilitiesConfig)
    artifact: Path | None = None
    rule: Literal["advantage", "amro"] = "advantage"
    heuristic: HeuristicConfig = field(default_factory=HeuristicConfig)
    selection: SelectionConfig = field(default_factory=ProportionalConfig)

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "step_size", "cost_weight"):
            require(name, getattr(self, name), least=0.0)
        for name in ("rho", "forgetting", "quality_gate", "unknown_ability"):
            require(name, getattr(self, name), least=0.0, most=1.0)
        require("trail_low", self.trail_low, least=TINY, most=1.0)
        require("trail_high", self.trail_high, least=1.0)
        require("ability_strength", self.ability_strength, least=TINY)
