"""How a choice is made of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from stigmergy.routers.configs.ranges import TINY, require


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
        require("temperature", self.temperature, least=TINY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonConfig:
    """The highest score, but any candidate in a share ``epsilon`` in [0, 1] of the hops."""

    kind: Literal["epsilon"] = "epsilon"
    epsilon: float = 0.05

    def __post_init__(self) -> None:
        require("epsilon", self.epsilon, least=0.0, most=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalConfig:
    """Chances are in proportion to score to the ``power`` >= 0; for routers whose scores are never negative."""

    kind: Literal["proportional"] = "proportional"
    power: float = 1.0

    def __post_init__(self) -> None:
        require("power", self.power, least=0.0)


SignedSelectionConfig: TypeAlias = GreedyConfig | SoftmaxConfig | EpsilonConfig
"""Selections that take any finite score."""


SelectionConfig: TypeAlias = SignedSelectionConfig | ProportionalConfig
