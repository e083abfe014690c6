"""Routers that learn nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stigmergy.domain import NodeId
from stigmergy.routers.configs.ranges import TINY, require
from stigmergy.routers.configs.selection import EpsilonConfig, GreedyConfig, SignedSelectionConfig, SoftmaxConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomConfig:
    """Every feasible hop is equally likely under any softmax."""

    kind: Literal["random"] = "random"
    selection: SignedSelectionConfig = field(default_factory=SoftmaxConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRobinConfig:
    """The feasible hops of each position in turn."""

    kind: Literal["round_robin"] = "round_robin"
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLoadedConfig:
    """The agent with the fewest calls in flight."""

    kind: Literal["least_loaded"] = "least_loaded"
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestConfig:
    """The cheapest feasible route by price: the lower boundary policy."""

    kind: Literal["cheapest"] = "cheapest"
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class DearestConfig:
    """The dearest route by price: the upper boundary policy, as far as the budget lets it."""

    kind: Literal["dearest"] = "dearest"
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLargeConfig:
    """The dearest feasible next hop, whatever comes after it."""

    kind: Literal["first_large"] = "first_large"
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPathConfig:
    """One ``route`` for every query, START and GOAL left out; off it, the lightest way to GOAL."""

    kind: Literal["fixed_path"] = "fixed_path"
    route: tuple[NodeId, ...]
    selection: SignedSelectionConfig = field(default_factory=GreedyConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class DijkstraConfig:
    """The lightest path over health-adjusted weights; the three figures are those of ``graphs.weights.WeightModel``."""

    kind: Literal["dijkstra"] = "dijkstra"
    price_floor_fraction: float = 0.01
    reference_latency_s: float = 1.0
    max_penalty: float = 100.0
    selection: SignedSelectionConfig = field(default_factory=EpsilonConfig)

    def __post_init__(self) -> None:
        require("price_floor_fraction", self.price_floor_fraction, least=TINY, most=1.0)
        require("reference_latency_s", self.reference_latency_s, least=TINY)
        require("max_penalty", self.max_penalty, least=1.0)
