"""A contestant on every query of a split, under every budget level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.contest.arena import Arena
from stigmergy.platform.learning.contest.rules import Contestant
from stigmergy.platform.learning.evaluation.reading import SOLVED
from stigmergy.platform.learning.rl.draws import Draws, Weather, budgets_at, draw_on, log_spaced
from stigmergy.platform.learning.rl.play import MaskedPolicy, play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.worst_cases import NANO
from stigmergy.routers.observation import Floats, Money, Places, Situations

Figures = NDArray[np.float64]
_MIDDLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """By budget level and query, means over lucks, shape (L, Q): success, USD, dear calls; ``violations`` counted (L,).

    A call is dear when its worst case is above the middle, in logarithms, of the query's cheapest and dearest routes.
    """

    success: Figures
    cost: Figures
    dear: Figures
    violations: NDArray[np.int64]

    def take(self, queries: NDArray[np.intp]) -> Result:
        """The same on some of the queries, in this order; violations stay those of all."""
        return replace(self, success=self.success[:, queries], cost=self.cost[:, queries], dear=self.dear[:, queries])


class Stage:
    """The queries of a split at all levels and lucks, ready to be played by one contestant after another.

    Every contestant meets the same draws, so differences between them are paired.
    """

    def __init__(self, arena: Arena, split: str, levels: Sequence[float]) -> None:
        self._arena, self._shape = arena, (len(levels), arena.lucks, len(arena.rows(split)))
        rows, source = arena.rows(split), arena.source
        query = np.tile(rows, len(levels) * arena.lucks)
        level = np.repeat(np.asarray(levels, dtype=np.float64), arena.lucks * len(rows))
        self._draws = _evenly_lucky(
            draw_on(source, query, budgets_at(source, query, level), Weather(), np.random.default_rng(0)),
            np.tile(np.repeat((np.arange(arena.lucks) + 0.5) / arena.lucks, len(rows)), len(levels)),
        )
        self._middle = log_spaced(*source.price_range(query), _MIDDLE)
        self._env = ReplayEnv(source, arena.terms, rows, Weather(), size=len(query), seed=0)

    def play(self, contestant: Contestant) -> Result:
        """Whole episodes on every draw."""
        watched = _Watched(contestant(self._draws), self._middle)
        played = play(self._env, watched, self._draws)

        def by_query(values: NDArray[np.float64]) -> Figures:
            return np.asarray(values.reshape(self._shape).mean(axis=1), dtype=np.float64)

        return Result(
            success=by_query((played.quality >= SOLVED).astype(np.float64)),
            cost=by_query(played.charged / NANO),
            dear=by_query(watched.dear),
            violations=played.over_budget.reshape(self._shape).sum(axis=(1, 2)),
        )


class _Watched:
    """Counts dear calls of the policy that it hands situations to."""

    def __init__(self, policy: MaskedPolicy, middle: Money) -> None:
        self._policy, self._middle = policy, middle
        self.dear = np.zeros(len(middle), dtype=np.float64)

    def choose(self, seen: Situations, observation: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        action, every = self._policy.choose(seen, observation), np.arange(len(seen))
        self.dear += seen.feasible[every, action] & (seen.worst_case[every, action] > self._middle)
        return action


def _evenly_lucky(draws: Draws, luck: NDArray[np.float64]) -> Draws:
    """The draws with one luck for all actions of an episode, evenly spaced over episodes on the same query."""
    return replace(draws, luck=np.repeat(luck[:, None], draws.luck.shape[1], axis=1).astype(np.float32))
