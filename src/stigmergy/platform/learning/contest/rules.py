"""Rules that nobody trains by reinforcement: what learned policies have to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.boundary import AlwaysSmall, FirstLarge
from stigmergy.platform.learning.contest.arena import Arena
from stigmergy.platform.learning.evaluation.log_reading import TRAIN, VAL
from stigmergy.platform.learning.rl.draws import LEVELS, Draws, budgets_at
from stigmergy.platform.learning.rl.expecting import NEAREST
from stigmergy.platform.learning.rl.play import MaskedPolicy
from stigmergy.routers.estimators.base import Matrix
from stigmergy.routers.observation import Floats, Money, Places, Situations, Truths

Contestant: TypeAlias = Callable[[Draws], MaskedPolicy]
"""Who plays given episodes; a policy that looks at nothing but situations is the same for all of them."""
_HALF: Final = 0.5
TEACHER_PRICES: Final = (0.8, 0.4, 0.2, 0.1, 0.05, 0.03, 0.02, 0.015, 0.01, 0.005, 0.0)
NEXT_TO_NOTHING: Final = 0.00075
"""Of success, in the mean over levels."""
PRICES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Success that the span of the query's worst cases may be worth to a planning rule."""


def always(policy: MaskedPolicy) -> Contestant:
    """A policy that is the same for all episodes."""
    return lambda _: policy


class RandomMixture:
    """First-large with probability 1/2, else always-small, drawn once per episode."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, draws: Draws) -> MaskedPolicy:
        """See ``Contestant``."""
        return _Mixed(np.random.default_rng(self._seed).random(len(draws)) < _HALF)


@dataclass(frozen=True, slots=True)
class _Mixed:
    large: Truths

    def choose(self, seen: Situations, observation: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        policies = (FirstLarge(), AlwaysSmall())
        return np.where(self.large, *(policy.choose(seen, observation) for policy in policies))


@dataclass(frozen=True, slots=True)
class Planner:
    """Of the routes that the budget pays at worst, the one of the greatest ``expected - price x level of its worst``.

    The level is 0 for the query's cheapest route, 1 for its dearest. The plan is made before the first hop; where it
    cannot be followed, because an agent is down, the cheapest way on is taken. Implements ``Contestant``.
    """

    arena: Arena
    expected: Matrix
    price: float

    def __call__(self, draws: Draws) -> MaskedPolicy:
        """See ``Contestant``."""
        return _Planned(self.arena.hops[self.routes(draws.query, draws.budget)])

    def routes(self, query: Places, budget: Money) -> Places:
        """The routes chosen for queries under budgets."""
        return np.asarray(
            np.where(self.arena.worst[query] <= budget[:, None], self.worth(query), -np.inf).argmax(axis=1),
            dtype=np.int64,
        )

    def worth(self, query: Places) -> Matrix:
        """What is expected of every route less its price, shape (B, R)."""
        worst = self.arena.worst[query]
        least = np.maximum(worst.min(axis=1, keepdims=True), 1).astype(np.float64)
        span = np.log(np.maximum(worst.max(axis=1, keepdims=True) / least, 1.0 + 1e-9))
        levels = np.log(np.maximum(worst, 1) / least) / span
        return np.asarray(self.expected[query] - self.price * levels, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Planned:
    """``hops`` of every episode, shape (B, H)."""

    hops: Places

    def choose(self, seen: Situations, observation: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        every = np.arange(len(seen))
        planned = self.hops[every, np.minimum(seen.committed, self.hops.shape[1] - 1)]
        possible = (planned >= 0) & seen.feasible[every, planned]
        return np.where(possible, planned, AlwaysSmall().choose(seen, observation))


def nearest_rule(arena: Arena) -> Planner:
    """Nearest neighbours with a budget rule: which neighbours, and which price, is chosen on val."""
    return _best_on_val(arena, {name: arena.expected.by_estimator[name] for name in NEAREST})


def teacher(arena: Arena) -> Planner:
    """The rule that learned policies start from: what they see, at the highest price that costs next to no success.

    Judged on train, where what is expected comes from fits without the query, and on val.
    """
    rows = np.concatenate((arena.rows(TRAIN), arena.rows(VAL)))
    planners = [Planner(arena, arena.expected.foreseen, price) for price in TEACHER_PRICES]
    reached = [_success(planner, arena, rows) for planner in planners]
    enough = max(reached) - NEXT_TO_NOTHING
    return next(planner for planner, found in zip(planners, reached, strict=True) if found >= enough)


def priced(arena: Arena) -> Arena:
    """The arena with prospects less the teacher's price, as learned policies see it."""
    worth = teacher(arena).worth(np.arange(len(arena.success)))
    return replace(arena, source=replace(arena.source, outlook=arena.source.outlook.expecting(worth)))


def _best_on_val(arena: Arena, expected: dict[str, Matrix]) -> Planner:
    """The first of the best by success on val over all levels; of equal ones that of the highest price."""
    planners = [Planner(arena, found, price) for price in reversed(PRICES) for found in expected.values()]
    return max(planners, key=lambda planner: _success(planner, arena, arena.rows(VAL)))


def _success(planner: Planner, arena: Arena, rows: Places) -> float:
    """Mean success on some queries over all levels."""
    chosen = [planner.routes(rows, budgets_at(arena.source, rows, level)) for level in LEVELS]
    return float(np.mean([arena.success[rows, routes].mean() for routes in chosen]))


BEST_PAYABLE: Final = "best_payable"
"""The route that was best on train among what the budget pays: a reference that looks at no query."""
RULES: Final = ("always_small", "first_large", "random_mixture", "nearest")


def rules(arena: Arena, seed: int) -> dict[str, Contestant]:
    """All of them by name. Always-large is first-large here: every budget is a strict cap (METHODS M5)."""
    everyone = (always(AlwaysSmall()), always(FirstLarge()), RandomMixture(seed), nearest_rule(arena))
    return dict(zip(RULES, everyone, strict=True))


def best_payable(arena: Arena) -> Planner:
    """What signal is measured against."""
    means = arena.success[arena.rows(TRAIN)].mean(axis=0)
    return Planner(arena, np.tile(means, (len(arena.success), 1)), 0.0)
