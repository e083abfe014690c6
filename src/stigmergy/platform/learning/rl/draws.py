"""What chance decides in a replayed episode, all of it drawn before the first hop.

So two policies can be played on the same draws, and whatever differs between them is their doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.sources import OutcomeSource
from stigmergy.routers.observation import Floats, Money, Places, Truths

LEVELS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Budgets between the cheapest (0) and the dearest route (1) of a query, in logarithms (METHODS M5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What goes wrong in a replay, and how budgets are drawn.

    Attributes:
        levels: of budgets, each equally likely; 0 is the worst case of the query's cheapest route, 1 of its dearest.
        failure_rate: of every call: it is charged, gives nothing, and its agent is left out of the rest of the episode.
        outage_rate: an agent is down, and known to be, from the start of the episode.
        latency_sigma: a call takes what was logged times ``exp(sigma z)``, z normal.
        timeout_s: a call that takes longer has failed.
    """

    levels: Sequence[float] = LEVELS
    failure_rate: float = 0.0
    outage_rate: float = 0.0
    latency_sigma: float = 0.0
    timeout_s: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """B episodes before they begin. ``luck, failing, slow, down`` are of shape (B, A): one for every action.

    ``luck`` in [0, 1) picks among logged runs; ``slow`` multiplies the logged latency.
    """

    query: Places
    budget: Money
    luck: Floats
    failing: Truths
    slow: Floats
    down: Truths

    def __len__(self) -> int:
        return len(self.query)

    def take(self, rows: NDArray[Any]) -> Draws:
        """Some of the episodes."""
        return Draws(**{f.name: getattr(self, f.name)[rows] for f in fields(Draws)})


def draw(source: OutcomeSource, rows: Places, weather: Weather, count: int, rng: np.random.Generator) -> Draws:
    """Draw ``count`` episodes on queries of ``rows``."""
    query = rng.choice(rows, count)
    levels = rng.choice(np.asarray(weather.levels, dtype=np.float64), count)
    return draw_on(source, query, budgets_at(source, query, levels), weather, rng)


def draw_on(source: OutcomeSource, query: Places, budget: Money, weather: Weather, rng: np.random.Generator) -> Draws:
    """Draw episodes on given queries under given budgets. No outage takes the last action that can be paid."""
    shape = (len(query), len(source.spec.actions))
    down = rng.random(shape) < weather.outage_rate
    offers = source.offers(query, source.start(query))
    payable = offers.open & (offers.worst_case + offers.cost_to_go <= budget[:, None])
    down[~(payable & ~down).any(axis=1)] = False
    return Draws(
        query=query,
        budget=budget,
        luck=rng.random(shape, dtype=np.float32),
        failing=rng.random(shape) < weather.failure_rate,
        slow=np.exp(weather.latency_sigma * rng.standard_normal(shape, dtype=np.float32)),
        down=down,
    )


def budgets_at(source: OutcomeSource, query: Places, levels: NDArray[np.float64] | float) -> Money:
    """Budgets between the worst cases of the cheapest and of the dearest route of each query."""
    return log_spaced(*source.price_range(query), levels)


def log_spaced(low: Money, high: Money, level: NDArray[np.float64] | float) -> Money:
    """``low x (high / low) ^ level`` rounded up to whole nano-dollars: level 1 is ``high`` itself."""
    least = np.maximum(low, 1)
    ratio = np.maximum(high, least) / least
    between = np.ceil(least * ratio**level).astype(np.int64)
    return np.asarray(np.clip(between, low, np.maximum(high, low)), dtype=np.int64)
