"""What an ant sees of each candidate before it goes: ability net of price, load and response time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.graphs.overlay import Condition
from stigmergy.routers.configs import HeuristicConfig

Row: TypeAlias = NDArray[np.float64]
"""One float per candidate."""


class Heuristic:
    """``eta = l_A norm(worth) + l_L norm(1 / (load + e_L)) + l_R norm(1 / (seconds + e_R))``, at least ``floor``.

    ``worth = max(0, ability - l_P price)``, the price as a share of the dearest route. AMRO-S has no ``l_P``: without
    it an ant cannot see that of two able agents one is dear, and learns it from trails alone.

    ``norm`` divides by the greatest value among the candidates. GOAL, at which no agent works, counts as idle, quick
    and of average ability.
    """

    def __init__(self, weights: HeuristicConfig) -> None:
        self._weights = weights

    @property
    def price(self) -> float:
        """``l_P``."""
        return self._weights.price

    def priced(self, price: float) -> Heuristic:
        """The same with another ``l_P``, at least 0."""
        return self if price == self.price else Heuristic(replace(self._weights, price=price))

    def of(self, conditions: Sequence[Condition], expected_s: Row, ability: Row, price: Row, goal: int | None) -> Row:
        """One value above 0 per candidate.

        Args:
            conditions: of the candidates' agents.
            expected_s: seconds that the profiles announce, for agents that were not timed yet.
            ability: in [0, 1].
            price: in [0, 1].
            goal: which candidate is GOAL; its entries in the rows are ignored.
        """
        weights = self._weights
        ability = np.maximum(ability - weights.price * price, 0.0)
        # What is collected agent by agent stays in Python: for the few candidates that most hops have, each call of
        # numpy costs more than all of their arithmetic.
        idleness = [1.0 / (condition.load + weights.load_offset) for condition in conditions]
        quickness = [
            1.0 / ((expected if condition.response_s is None else condition.response_s) + weights.response_offset_s)
            for condition, expected in zip(conditions, expected_s.tolist(), strict=True)
        ]
        if goal is not None:
            agents = np.arange(len(ability)) != goal
            ability = np.where(agents, ability, ability[agents].mean() if agents.any() else 1.0)
            idleness[goal], quickness[goal] = _best_but(goal, idleness), _best_but(goal, quickness)
        load, response = weights.load / max(idleness), weights.response / max(quickness)
        ready = [load * idle + response * quick for idle, quick in zip(idleness, quickness, strict=True)]
        eta: Row = np.maximum(weights.ability * _norm(ability) + ready, weights.floor)
        return eta


def _norm(row: Row) -> Row:
    top = row.max()
    return row / top if top > 0.0 else np.ones_like(row)


def _best_but(goal: int, values: Sequence[float]) -> float:
    """The best of the agents; 1 where there is none."""
    return max((value for place, value in enumerate(values) if place != goal), default=1.0)
