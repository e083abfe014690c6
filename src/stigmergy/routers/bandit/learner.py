"""A ridge regression of reward per arm, brought up to date outcome by outcome.

With ``S = sum x x^T`` and ``b = sum r x`` of an arm, and the prior mean theta_0::

    A = ridge I + S        theta = A^-1 (b + ridge theta_0)

An outcome changes the inverse by Sherman and Morrison's formula. At a tick all sums are multiplied by
``discount ** tick_outcomes``, while the prior stays whole: ``A = ridge I + discount S`` (Russac et al., 2019), so that
what was not tried for long becomes uncertain again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.bandit.beliefs import Beliefs, Singles, pack
from stigmergy.routers.bandit.statistics import NOTHING_SEEN, ArmSums, Statistics

Floats = NDArray[np.float64]
Prior = Literal["zero", "pool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRules:
    """How outcomes become beliefs.

    Attributes:
        ridge: what the prior counts for, above 0, in outcomes per unit of context.
        discount: what an outcome still counts for after the next one, in (0, 1]; 1 forgets nothing.
        tick_outcomes: so many outcomes are forgotten together.
        prior: the mean of an arm never seen: 0, or the regression over the outcomes of all arms, as of the last tick.
    """

    ridge: float = 10.0
    discount: float = 1.0
    tick_outcomes: int = 32
    prior: Prior = "pool"


class LinearLearner:
    """Sums, inverses and beliefs of all arms. Not thread-safe; what ``beliefs`` gives is frozen.

    Args:
        dims: the length d of contexts.
        rules: how it learns.
        seen: what was seen before it began.
    """

    def __init__(self, dims: int, rules: LearningRules, seen: Statistics = NOTHING_SEEN) -> None:
        self._dims = dims
        self._rules = rules
        self._places = {arm: place for place, arm in enumerate(seen)}
        self._moments = np.array([sums.moments for sums in seen.values()]).reshape(-1, dims, dims)
        self._rewarded = np.array([sums.rewarded for sums in seen.values()]).reshape(-1, dims)
        self._seen = np.array([sums.seen for sums in seen.values()])
        self._since_tick = 0
        self._inverses, self._packed, self._centre = self._solved()
        self._beliefs: Beliefs | None = None

    @property
    def beliefs(self) -> Beliefs:
        """What is believed now."""
        if self._beliefs is None:
            pulled = self._rewarded + self._rules.ridge * self._centre
            theta = (self._inverses[:-1] @ pulled[..., None])[..., 0]
            self._beliefs = Beliefs(
                places=self._places,
                theta=np.vstack((theta, self._centre)).astype(np.float32),
                packed=self._packed,
                seen=np.append(self._seen, 0.0),
            )
        return self._beliefs

    @property
    def statistics(self) -> Statistics:
        """What was seen, discounted."""
        return {
            arm: ArmSums(
                moments=self._moments[place].copy(),
                rewarded=self._rewarded[place].copy(),
                seen=float(self._seen[place]),
            )
            for arm, place in self._places.items()
        }

    def observe(self, arm: str, context: Floats, reward: float) -> None:
        """Take one outcome in."""
        if arm not in self._places:
            self._open(arm)
        place = self._places[arm]
        self._moments[place] += np.outer(context, context)
        self._rewarded[place] += reward * context
        self._seen[place] += 1.0
        ahead = self._inverses[place] @ context
        self._inverses[place] -= np.outer(ahead, ahead) / (1.0 + context @ ahead)
        # Beliefs that were handed out keep the rows they have.
        self._packed = self._packed.copy()
        self._packed[place] = pack(self._inverses[place : place + 1])[0]
        self._beliefs = None
        self._since_tick += 1
        if self._since_tick == self._rules.tick_outcomes:
            self._tick()

    def _open(self, arm: str) -> None:
        self._places = {**self._places, arm: len(self._places)}
        self._moments = np.concatenate((self._moments, np.zeros((1, self._dims, self._dims))))
        self._rewarded = np.concatenate((self._rewarded, np.zeros((1, self._dims))))
        self._seen = np.append(self._seen, 0.0)
        self._inverses = np.concatenate((self._inverses, self._inverses[-1:]))
        self._packed = np.concatenate((self._packed, self._packed[-1:]))

    def _tick(self) -> None:
        factor = self._rules.discount**self._rules.tick_outcomes
        self._moments *= factor
        self._rewarded *= factor
        self._seen = self._seen * factor
        self._since_tick = 0
        self._inverses, self._packed, self._centre = self._solved()

    def _solved(self) -> tuple[Floats, Singles, Floats]:
        """Inverses (the prior's last), the same packed, and the prior mean: anew, so that rounding cannot pile up."""
        prior = self._rules.ridge * np.eye(self._dims)
        nothing = np.zeros((1, self._dims, self._dims))
        inverses = np.asarray(np.linalg.inv(np.concatenate((self._moments, nothing)) + prior), dtype=np.float64)
        centre = np.zeros(self._dims)
        if self._rules.prior == "pool":
            centre = np.linalg.solve(self._moments.sum(axis=0) + prior, self._rewarded.sum(axis=0))
        return inverses, pack(inverses), centre
