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
        self._rules = rules
        self._places = {arm: place for place, arm in enumerate(seen)}
        # The last row of every array is that of an arm never seen; a new arm takes it, and it is appended again.
        nothing = ArmSums(moments=np.zeros((dims, dims)), rewarded=np.zeros(dims), seen=0.0)
        rows = (*seen.values(), nothing)
        self._moments = np.array([sums.moments for sums in rows])
        self._rewarded = np.array([sums.rewarded for sums in rows])
        self._seen = np.array([sums.seen for sums in rows])
        self._since_tick = 0
        self._inverses, self._packed, self._theta, self._pull = self._solved()

    @property
    def beliefs(self) -> Beliefs:
        """What is believed now."""
        return Beliefs(places=self._places, theta=self._theta, packed=self._packed, seen=self._seen)

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
        ahead = self._inverses[place] @ context
        self._inverses[place] -= np.outer(ahead, ahead) / (1.0 + context @ ahead)
        # Beliefs that were handed out keep the rows they have.
        self._theta, self._packed, self._seen = self._theta.copy(), self._packed.copy(), self._seen.copy()
        self._theta[place] = self._inverses[place] @ (self._rewarded[place] + self._pull)
        self._packed[place] = pack(self._inverses[place])
        self._seen[place] += 1.0
        self._since_tick += 1
        if self._since_tick == self._rules.tick_outcomes:
            self._tick()

    def _open(self, arm: str) -> None:
        self._places = {**self._places, arm: len(self._places)}
        for name in ("_moments", "_rewarded", "_seen", "_inverses", "_theta", "_packed"):
            rows = getattr(self, name)
            setattr(self, name, np.concatenate((rows, rows[-1:])))

    def _tick(self) -> None:
        factor = self._rules.discount**self._rules.tick_outcomes
        self._moments *= factor
        self._rewarded *= factor
        self._seen = self._seen * factor
        self._since_tick = 0
        self._inverses, self._packed, self._theta, self._pull = self._solved()

    def _solved(self) -> tuple[Floats, Singles, Singles, Floats]:
        """Inverses, the same packed, theta, and ``ridge theta_0``: anew from the sums, so rounding cannot pile up."""
        ridge = self._rules.ridge
        prior = ridge * np.eye(self._rewarded.shape[1])
        inverses = np.asarray(np.linalg.inv(self._moments + prior), dtype=np.float64)
        pull = np.zeros(len(prior))
        if self._rules.prior == "pool":
            pull = ridge * np.linalg.solve(self._moments.sum(axis=0) + prior, self._rewarded.sum(axis=0))
        theta = (inverses @ (self._rewarded + pull)[..., None])[..., 0]
        return inverses, pack(inverses), theta.astype(np.float32), pull
