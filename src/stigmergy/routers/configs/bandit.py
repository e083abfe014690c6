"""Bandits, which learn while they serve."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stigmergy.routers.configs.ranges import TINY, require
from stigmergy.routers.configs.selection import (
    EpsilonConfig,
    ProportionalConfig,
    SelectionConfig,
    SignedSelectionConfig,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperConfidenceConfig:
    """LinUCB: expected reward plus ``alpha`` >= 0 deviations, a bonus that explores; ``selection`` may add chance."""

    kind: Literal["linucb"] = "linucb"
    alpha: float = 0.25
    selection: SignedSelectionConfig = field(default_factory=lambda: EpsilonConfig(epsilon=0.02))

    def __post_init__(self) -> None:
        require("alpha", self.alpha, least=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThompsonConfig:
    """Thompson sampling: hops are drawn by their chance of being the best, estimated with ``draws`` draws.

    ``scale`` > 0 is the deviation of a single reward, as far as the posterior is concerned.
    """

    kind: Literal["thompson"] = "thompson"
    scale: float = 0.1
    draws: int = 128

    def __post_init__(self) -> None:
        require("scale", self.scale, least=TINY)
        require("draws", self.draws, least=1, most=10_000)

    @property
    def selection(self) -> SelectionConfig:
        """In proportion to the chances: that is the sampling."""
        return ProportionalConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditConfig:
    """A linear model of reward per agent, learnt while it serves (METHODS M12).

    Attributes:
        rule: how it explores.
        cost_weight: what going from the cheapest to the dearest route is worth in quality.
        text_dims: to so many numbers the query's vector is projected; 0 leaves the text out.
        type_dims: so many places share the task types; 0 leaves them out.
        ridge: how many outcomes the prior counts for, above 0.
        discount: what an outcome still counts for after the next one, in (0, 1]; below 1, it follows drift.
        tick_outcomes: so many outcomes are forgotten together.
        prior: what is expected of an agent never seen: nothing, or what the pool's regression says.
        artifact: of ``stigmergy train bandit``, to begin with; it brings its own dims.
    """

    kind: Literal["bandit"] = "bandit"
    rule: ThompsonConfig | UpperConfidenceConfig = field(default_factory=ThompsonConfig)
    cost_weight: float = 0.3
    text_dims: int = 16
    type_dims: int = 16
    ridge: float = 10.0
    discount: float = 1.0
    tick_outcomes: int = 32
    prior: Literal["zero", "pool"] = "pool"
    artifact: Path | None = None

    def __post_init__(self) -> None:
        require("cost_weight", self.cost_weight, least=0.0)
        for name in ("text_dims", "type_dims"):
            require(name, getattr(self, name), least=0, most=256)
        require("ridge", self.ridge, least=TINY)
        require("discount", self.discount, least=TINY, most=1.0)
        require("tick_outcomes", self.tick_outcomes, least=1)

    @property
    def selection(self) -> SelectionConfig:
        """That of the rule."""
        return self.rule.selection
