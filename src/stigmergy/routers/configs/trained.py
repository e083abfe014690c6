"""Routers that are trained before they serve."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from stigmergy.routers.configs.ranges import require
from stigmergy.routers.configs.selection import EpsilonConfig, SignedSelectionConfig, SoftmaxConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnConfig:
    """A trained graph neural network; needs the extra ``gnn``.

    Attributes:
        artifact: the folder that ``stigmergy train gnn`` wrote; a relative one is taken from the folder of the
            configuration file.
        cost_weight: what going from the cheapest to the dearest agent of the artifact is worth in quality; a new one
            needs no training.
        refresh_every: after so many judged episodes their outcomes are taken into the graph.
        most_queries: so many are remembered, the latest.
        selection: scores are on the scale of quality.
    """

    kind: Literal["gnn"] = "gnn"
    artifact: Path
    cost_weight: float = 0.3
    refresh_every: int = 16
    most_queries: int = 20_000
    selection: SignedSelectionConfig = field(default_factory=lambda: SoftmaxConfig(temperature=0.05))

    def __post_init__(self) -> None:
        require("cost_weight", self.cost_weight, least=0.0)
        require("refresh_every", self.refresh_every, least=1)
        require("most_queries", self.most_queries, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorConfig:
    """Agents by their expected quality and cost on the query, from the ``artifact`` of ``stigmergy train``.

    ``price`` is what spending the best single agent's mean cost once is worth in quality. A relative path is taken from
    the folder of the configuration file.
    """

    kind: Literal["estimator"] = "estimator"
    artifact: Path
    price: float = 0.1
    selection: SignedSelectionConfig = field(default_factory=EpsilonConfig)

    def __post_init__(self) -> None:
        require("price", self.price, least=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """A policy trained by reinforcement learning: the ``artifact`` of ``stigmergy train rl``.

    It decides on the graph that its episodes were of, and on no other. A relative path is taken from the folder of the
    configuration file. Scores are log-probabilities, or values in units of reward; ``softmax`` with temperature 1 is
    the policy as it was trained.
    """

    kind: Literal["policy"] = "policy"
    artifact: Path
    selection: SignedSelectionConfig = field(default_factory=EpsilonConfig)


TrainedRouterConfig: TypeAlias = EstimatorConfig | GnnConfig
"""Routers that come in an artifact, weigh money as a task asks, and are swapped when it changes."""
