"""Who takes part in a replay without choosing among its arms: it plays every query, and the bill is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from stigmergy.platform.learning.evaluation.judging import Ground, Judged, judge
from stigmergy.platform.learning.evaluation.policies import Arms, Policies
from stigmergy.platform.learning.evaluation.splitting import Split
from stigmergy.routers.estimators.base import Matrix, Outcomes


@dataclass(frozen=True, slots=True)
class Played:
    """What each of P policies brought and cost in USD on all Q queries of the table, both of shape (Q, P)."""

    quality: Matrix
    cost: Matrix


class Contestant(Protocol):
    """One router with its trade-off: at least one policy."""

    @property
    def description(self) -> str:
        """One line for a report."""
        ...

    def play(self, split: Split, /) -> Played:
        """Play the split's queries; what is learnt is learnt from ``split.learning`` alone."""
        ...


def judge_played(ground: Ground, played: Played) -> tuple[Ground, Judged]:
    """The contestant's policies judged as arms of their own; the hull, its ends and the budgets stay those of the arms.

    Returns:
        The ground with these arms added, on which it can be read, and the judgement.
    """
    arms, policies = len(ground.outcomes.arms), played.quality.shape[1]
    wider = Outcomes(
        arms=(*ground.outcomes.arms, *(f"policy {number}" for number in range(policies))),
        quality=np.concatenate((ground.outcomes.quality, played.quality), axis=1),
        cost=np.concatenate((ground.outcomes.cost, played.cost), axis=1),
    )
    own = np.arange(arms, arms + policies, dtype=np.int16)
    taken: tuple[Arms, Arms] = (
        np.tile(own, (len(ground.split.learning), 1)),
        np.tile(own, (len(ground.split.test), 1)),
    )
    widened = replace(ground, outcomes=wider)
    return widened, judge(widened, Policies(*taken))
