"""Logged outcomes as an environment: B episodes side by side, in numpy, under exact budgets."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.draws import Draws, Weather, draw
from stigmergy.platform.learning.rl.rewards import INVALID, RewardTerms
from stigmergy.platform.learning.rl.sources import Called, OutcomeSource
from stigmergy.routers.observation import Floats, Money, Places, Situations, Truths, encode, feasible_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one step of B episodes came to; everything of length B.

    ``observation`` is that behind the step, of ended episodes too (nothing is feasible there). ``quality`` is NaN where
    the episode goes on; an episode that ended without an answer has 0. ``refused``: the action was not feasible and
    was not taken. ``escalated``: a failure left nothing feasible. ``charged`` is of this call, in nano-dollars.
    """

    observation: Floats
    reward: Floats
    terminated: Truths
    quality: Floats
    charged: Money
    latency_s: Floats
    failed: Truths
    cut: Truths
    refused: Truths
    escalated: Truths


class ReplayEnv:
    """B episodes replayed side by side; they end by themselves and are begun anew with ``renew``.

    A failed call is charged what its logged run was, its agent is left out of the rest of the episode, and the policy
    chooses again from the same place. Spent money never exceeds the budget: the mask is exact, and an action that it
    forbids is not taken but ends the episode with a reward of -1.

    Args:
        source: the outcomes.
        terms: what they are worth.
        rows: numbers of the queries that episodes are drawn from.
        weather: budgets and failures.
        size: B.
        seed: of everything that is drawn.
    """

    def __init__(
        self, source: OutcomeSource, terms: RewardTerms, rows: Places, weather: Weather, *, size: int, seed: int
    ) -> None:
        self.source: Final = source
        self.spec: Final = source.spec
        self.terms: Final = terms
        self.size: Final = size
        self._rows, self._weather = rows, weather
        self._rng = np.random.default_rng(seed)
        self._draws = self._drawn(size)
        self._episodes = _begun(source, self._draws)
        self._seen = self._look()

    @property
    def seen(self) -> Situations:
        """Where the episodes stand; not to be changed."""
        return self._seen

    @property
    def draws(self) -> Draws:
        """The draws of the episodes that are running."""
        return self._draws

    def seed(self, seed: int) -> None:
        """Draw from a fresh generator from here on."""
        self._rng = np.random.default_rng(seed)

    def reset(self) -> Floats:
        """Begin B new episodes; returns their observations, shape (B, size)."""
        return self.begin(self._drawn(self.size))

    def begin(self, draws: Draws) -> Floats:
        """Begin the episodes of given draws, B of them, instead of what runs; returns their observations."""
        # A copy: renewing episodes would change draws that the caller plays again with another policy.
        self._draws = draws.take(np.arange(len(draws)))
        self._episodes = _begun(self.source, draws)
        self._seen = self._look()
        return encode(self.spec, self._seen)

    def step(self, action: Places) -> Stepped:
        """Take one action in each episode; one that has ended stays ended, with a reward of -1, until it is renewed."""
        at, every = self._episodes, np.arange(len(action))
        allowed = self._seen.feasible[every, action]
        taken = np.where(allowed, action, self._seen.feasible.argmax(axis=1))
        called, draws = self._called(taken), self._draws
        latency = called.latency_s * draws.slow[every, taken]
        failed = allowed & (draws.failing[every, taken] | (latency > self._weather.timeout_s))
        answered = allowed & ~failed
        charged = np.where(allowed, called.charged, 0)
        at.spent = at.spent + charged
        at.closed[every[failed], taken[failed]] = True
        at.state = np.where(answered, called.state, at.state)
        at.committed = at.committed + answered
        at.ended = (answered & called.ended) | ~allowed
        self._seen = self._look()
        escalated = ~at.ended & ~self._seen.feasible.any(axis=1)
        at.ended = at.ended | escalated
        return self._stepped(called, charged, failed, ~allowed, escalated, latency)

    def renew(self, rows: NDArray[np.intp]) -> Floats:
        """Begin new episodes in these places; returns their observations, shape (rows, size)."""
        if not len(rows):
            return np.empty((0, self.spec.size), dtype=np.float32)
        fresh = self._drawn(len(rows))
        begun = _begun(self.source, fresh)
        for new, old in ((fresh, self._draws), (begun, self._episodes)):
            _put(new, old, rows)
        seen = _look(self.source, fresh, begun)
        _put(seen, self._seen, rows)
        return encode(self.spec, seen)

    def _drawn(self, count: int) -> Draws:
        return draw(self.source, self._rows, self._weather, count, self._rng)

    def _called(self, action: Places) -> Called:
        luck = self._draws.luck[np.arange(len(action)), action]
        return self.source.call(self._draws.query, self._episodes.state, action, luck)

    def _look(self) -> Situations:
        return _look(self.source, self._draws, self._episodes)

    def _stepped(
        self, called: Called, charged: Money, failed: Truths, refused: Truths, escalated: Truths, latency: Floats
    ) -> Stepped:
        answered = self._episodes.ended & ~refused & ~escalated
        quality = np.where(answered, called.quality, np.where(self._episodes.ended, 0.0, np.nan)).astype(np.float32)
        reward = self.terms.of(charged, quality, failed, self._seen.mixture)
        return Stepped(
            observation=encode(self.spec, self._seen),
            reward=np.where(refused, np.float32(INVALID), reward),
            terminated=self._episodes.ended.copy(),
            quality=quality,
            charged=charged,
            latency_s=np.where(refused, np.float32(0.0), latency),
            failed=failed,
            cut=called.cut & ~refused & ~failed,
            refused=refused,
            escalated=escalated,
        )


@dataclass(slots=True)
class _Episodes:
    """What changes in B episodes; ``closed`` (B, A) are actions whose agent is down or has failed."""

    state: Places
    spent: Money
    committed: Places
    closed: Truths
    ended: Truths


def _begun(source: OutcomeSource, draws: Draws) -> _Episodes:
    none = np.zeros(len(draws), dtype=np.int64)
    return _Episodes(
        state=source.start(draws.query),
        spent=none,
        committed=none.copy(),
        closed=draws.down.copy(),
        ended=np.zeros(len(draws), dtype=bool),
    )


def _look(source: OutcomeSource, draws: Draws, at: _Episodes) -> Situations:
    offers, queries = source.offers(draws.query, at.state), source.queries
    open_ = offers.open & ~at.closed & ~at.ended[:, None]
    feasible = feasible_within(open_, offers.worst_case, offers.cost_to_go, at.spent, draws.budget)
    return Situations(
        features=source.looks(draws.query, at.state, draws.budget - at.spent, feasible),
        mixture=queries.mixture[draws.query],
        position=offers.position,
        feasible=feasible,
        healthy=offers.open & ~draws.down & ~at.ended[:, None],
        worst_case=offers.worst_case,
        cost_to_go=offers.cost_to_go,
        spent=at.spent.copy(),
        budget=draws.budget.copy(),
        committed=at.committed.copy(),
    )


def _put(new: Any, old: Any, rows: NDArray[np.intp]) -> None:
    for field in fields(new):
        getattr(old, field.name)[rows] = getattr(new, field.name)
