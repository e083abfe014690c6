"""The boundary policies, always-small and first-large, and what they cost (METHODS M5, M6, M16)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.draws import Draws
from stigmergy.platform.learning.rl.play import Played, play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.rewards import CostScale
from stigmergy.platform.learning.rl.sources import OutcomeSource
from stigmergy.routers.observation import Floats, Places, Situations

_NEVER: Final = np.iinfo(np.int64).max


class AlwaysSmall:
    """The feasible action on the cheapest route, by worst case; of equal ones the first."""

    def choose(self, seen: Situations, _: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        prices = seen.worst_case + seen.cost_to_go
        return np.asarray(np.where(seen.feasible, prices, _NEVER).argmin(axis=1), dtype=np.int64)


class FirstLarge:
    """The dearest feasible action, by the worst case of its own call; of equal ones the first."""

    def choose(self, seen: Situations, _: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        return np.asarray(np.where(seen.feasible, seen.worst_case, -1).argmax(axis=1), dtype=np.int64)


AlwaysLarge = FirstLarge
"""Without a budget; under a cap the mask makes always-large the first-large (METHODS M5)."""


def boundary_returns(env: ReplayEnv, draws: Draws) -> tuple[Played, Played]:
    """Always-small and first-large played on the same queries, caps and failures: what BoPO's advantage refers to."""
    return play(env, AlwaysSmall(), draws), play(env, FirstLarge(), draws)


def boundary_costs(source: OutcomeSource, rows: Places, lucks: int = 8) -> CostScale:
    """Mean charge of the two boundary policies per task type on some queries, without a cap and without failures.

    Args:
        source: the outcomes.
        rows: numbers of the (train) queries.
        lucks: runs are taken at this many evenly spaced lucks.
    """
    small, large = (
        np.mean([_charges(source, rows, policy, (n + 0.5) / lucks) for n in range(lucks)], axis=0)
        for policy in (AlwaysSmall(), FirstLarge())
    )
    weight = source.queries.mixture[rows].astype(np.float64)
    total = weight.sum(axis=0)
    means = []
    for charges in (small, large):
        by_task = np.where(total > 0.0, charges @ weight / np.maximum(total, 1e-12), charges.mean())
        means.append(np.rint(by_task).astype(np.int64))
    return CostScale(*means)


def _charges(source: OutcomeSource, rows: Places, policy: AlwaysSmall | FirstLarge, luck: float) -> NDArray[np.float64]:
    state, spent = source.start(rows), np.zeros(len(rows), dtype=np.int64)
    running, lucks = np.ones(len(rows), dtype=bool), np.full(len(rows), luck, dtype=np.float32)
    while running.any():
        action = policy.choose(_situation(source, rows, state), np.empty((len(rows), 0), dtype=np.float32))
        called = source.call(rows, state, action, lucks)
        spent += np.where(running, called.charged, 0)
        state = np.where(running, called.state, state)
        running &= ~called.ended
    return spent.astype(np.float64)


def _situation(source: OutcomeSource, rows: Places, state: Places) -> Situations:
    offers, zeros = source.offers(rows, state), np.zeros(len(rows), dtype=np.int64)
    return Situations(
        features=source.queries.features[rows],
        mixture=source.queries.mixture[rows],
        position=offers.position,
        feasible=offers.open,
        healthy=offers.open,
        worst_case=offers.worst_case,
        cost_to_go=offers.cost_to_go,
        spent=zeros,
        budget=zeros,
        committed=zeros,
    )
