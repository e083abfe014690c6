"""One frozen config per router and per selection, told apart by ``kind``. Plain data: nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from stigmergy.domain import NodeId


def _require(name: str, value: float, *, least: float, most: float = float("inf")) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} = {value}: it must be at least {least:g} and at most {most:g}")


_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class GreedyConfig:
    """Always the highest score. Nothing can be learnt from its log about what it did not choose."""

    kind: Literal["greedy"] = "greedy"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxConfig:
    """Chances grow exponentially with the score; ``temperature`` > 0 is in units of the scores."""

    kind: Literal["softmax"] = "softmax"
    temperature: float = 0.1

    def __post_init__(self) -> None:
        _require("temperature", self.temperature, least=_TINY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonConfig:
    """The highest score, but any candidate in a share ``epsilon`` in [0, 1] of the hops."""

    kind: Literal["epsilon"] = "epsilon"
    epsilon: float = 0.05

    def __post_init__(self) -> None:
        _require("epsilon", self.epsilon, least=0.0, most=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalConfig:
    """Chances are in proportion to score to the ``power`` >= 0; for routers whose scores are never negative."""

    kind: Literal["proportional"] = "proportional"
    power: float = 1.0

    def __post_init__(self) -> None:
        _require("power", self.power, least=0.0)


SignedSelectionConfig: TypeAlias = GreedyConfig | SoftmaxConfig | EpsilonConfig
"""Selections that take any finite score."""
SelectionConfig: TypeAlias = SignedSelectionConfig | ProportionalConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomConfig:
    """Every feasible hop is equally likely under any softmax."""

    kind: Literal["random"] = "random"
    selection: SignedSelectionConfig = SoftmaxConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRobinConfig:
    """The feasible hops of each position in turn."""

    kind: Literal["round_robin"] = "round_robin"
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLoadedConfig:
    """The agent with the fewest calls in flight."""

    kind: Literal["least_loaded"] = "least_loaded"
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestConfig:
    """The cheapest feasible route by price: the lower boundary policy."""

    kind: Literal["cheapest"] = "cheapest"
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class DearestConfig:
    """The dearest route by price: the upper boundary policy, as far as the budget lets it."""

    kind: Literal["dearest"] = "dearest"
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLargeConfig:
    """The dearest feasible next hop, whatever comes after it."""

    kind: Literal["first_large"] = "first_large"
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPathConfig:
    """One ``route`` for every query, START and GOAL left out; off it, the lightest way to GOAL."""

    kind: Literal["fixed_path"] = "fixed_path"
    route: tuple[NodeId, ...]
    selection: SignedSelectionConfig = GreedyConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class DijkstraConfig:
    """The lightest path over health-adjusted weights; the three figures are those of ``graphs.weights.WeightModel``."""

    kind: Literal["dijkstra"] = "dijkstra"
    price_floor_fraction: float = 0.01
    reference_latency_s: float = 1.0
    max_penalty: float = 100.0
    selection: SignedSelectionConfig = EpsilonConfig()

    def __post_init__(self) -> None:
        _require("price_floor_fraction", self.price_floor_fraction, least=_TINY, most=1.0)
        _require("reference_latency_s", self.reference_latency_s, least=_TINY)
        _require("max_penalty", self.max_penalty, least=1.0)


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
            _require(name, getattr(self, name), least=0.0)
        for name in ("load_offset", "response_offset_s", "floor"):
            _require(name, getattr(self, name), least=_TINY)


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
        ability_strength: the number of steps that a prior ability counts for, above 0.
        unknown_ability: prior of an agent that declares none for a task type, in [0, 1].
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
    ability_strength: float = 5.0
    unknown_ability: float = 0.5
    rule: Literal["advantage", "amro"] = "advantage"
    heuristic: HeuristicConfig = field(default_factory=HeuristicConfig)
    selection: SelectionConfig = ProportionalConfig()

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "step_size", "cost_weight"):
            _require(name, getattr(self, name), least=0.0)
        for name in ("rho", "forgetting", "unknown_ability"):
            _require(name, getattr(self, name), least=0.0, most=1.0)
        _require("trail_low", self.trail_low, least=_TINY, most=1.0)
        _require("trail_high", self.trail_high, least=1.0)
        _require("ability_strength", self.ability_strength, least=_TINY)


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnConfig:
    """A trained graph neural network; needs the extra ``gnn``.

    Attributes:
        artifact: the folder that ``stigmergy train gnn`` wrote.
        cost_weight: what going from the cheapest to the dearest agent of the artifact is worth in quality; a new one
            needs no training.
        refresh_every: after so many judged episodes their outcomes are taken into the graph.
        most_queries: so many are remembered, the latest.
        selection: scores are on the scale of quality.
    """

    kind: Literal["gnn"] = "gnn"
    artifact: str
    cost_weight: float = 0.3
    refresh_every: int = 16
    most_queries: int = 20_000
    selection: SignedSelectionConfig = SoftmaxConfig(temperature=0.05)

    def __post_init__(self) -> None:
        _require("cost_weight", self.cost_weight, least=0.0)
        _require("refresh_every", self.refresh_every, least=1)
        _require("most_queries", self.most_queries, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorConfig:
    """Agents by their expected quality and cost on the query, from the ``artifact`` of ``stigmergy train``.

    ``price`` is what spending the best single agent's mean cost once is worth in quality. A relative path is taken from
    the folder of the configuration file.
    """

    kind: Literal["estimator"] = "estimator"
    artifact: Path
    price: float = 0.1
    selection: SignedSelectionConfig = EpsilonConfig()

    def __post_init__(self) -> None:
        _require("price", self.price, least=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """A policy trained by reinforcement learning: the ``artifact`` of ``stigmergy train rl``.

    It decides on the graph that its episodes were of, and on no other. A relative path is taken from the folder of the
    configuration file. Scores are log-probabilities, or values in units of reward; ``softmax`` with temperature 1 is
    the policy as it was trained.
    """

    kind: Literal["policy"] = "policy"
    artifact: Path
    selection: SignedSelectionConfig = EpsilonConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementConfig:
    """A panel asks its cheapest agents first, and stops once ``agreeing`` (at least 1) gave the same answer."""

    kind: Literal["agreement"] = "agreement"
    agreeing: int = 2

    def __post_init__(self) -> None:
        _require("agreeing", self.agreeing, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceConfig:
    """A panel asks and stops as its ``artifact`` of ``stigmergy train evidence`` has learnt.

    ``price`` is what spending the best single agent's mean cost once is worth in quality; ``check_share`` in [0, 1] of
    the unanimous answers are checked all the same.
    """

    kind: Literal["evidence"] = "evidence"
    artifact: Path
    price: float = 0.1
    check_share: float = 0.02

    def __post_init__(self) -> None:
        _require("price", self.price, least=0.0)
        _require("check_share", self.check_share, least=0.0, most=1.0)


PanelRuleConfig: TypeAlias = AgreementConfig | EvidenceConfig

RouterConfig: TypeAlias = (
    RandomConfig
    | RoundRobinConfig
    | LeastLoadedConfig
    | CheapestConfig
    | DearestConfig
    | FirstLargeConfig
    | FixedPathConfig
    | DijkstraConfig
    | AntColonyConfig
    | EstimatorConfig
    | GnnConfig
    | PolicyConfig
)
