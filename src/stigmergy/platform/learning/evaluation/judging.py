"""How good a router's policies are on one split, for all weightings of the queries at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.curve import Curve, budget_grid, lay_curve
from stigmergy.platform.learning.evaluation.hull import Floats, Places, hull_vertices
from stigmergy.platform.learning.evaluation.policies import Arms, Policies, all_knowing, single_arms
from stigmergy.platform.learning.evaluation.splitting import Split
from stigmergy.routers.estimators.base import Matrix, Outcomes

Weights: TypeAlias = NDArray[np.float32]
"""How often each query counts, shape (S, Q): the first row all ones, the others bootstrap samples."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A router on one split.

    ``curve`` is read with ``quality``, shape (S, policies + 1): mean test quality of every policy, then of the anchor.
    ``taken``, shape (T, policies + 1), says which arm they took.
    """

    curve: Curve
    quality: Floats
    taken: Arms

    def read(self, budgets: Floats) -> Floats:
        """Mean test quality at budgets of shape (S, G)."""
        return self.curve.read(budgets, self.quality)

    def first(self) -> Judged:
        """The same with all queries counted once alone."""
        curve = Curve(self.curve.cost[:1], self.curve.points[:1])
        return Judged(curve, self.quality[:1], self.taken)

    def chances(self, budget: float) -> Floats:
        """With all queries counted once: how likely each policy (last: the anchor) is at a budget."""
        left, right, share = self.first().curve.between(np.full((1, 1), budget))
        found = np.zeros(self.quality.shape[1])
        found[self.curve.points[0, left[0, 0]]] += 1.0 - share[0, 0]
        found[self.curve.points[0, right[0, 0]]] += share[0, 0]
        return found


@dataclass(frozen=True, slots=True)
class Ground:
    """What all routers on one split are measured against."""

    split: Split
    outcomes: Outcomes
    learning_weights: Weights
    test_weights: Weights
    anchor: NDArray[np.intp]
    """The cheapest hull arm, shape (S,)."""
    best: NDArray[np.intp]
    """The best arm on the learning queries, shape (S,)."""
    arm_cost: Floats
    """Mean test cost, shape (S, A)."""
    arm_quality: Floats

    @property
    def test_weight(self) -> Floats:
        """How much the test queries weigh together, shape (S,)."""
        return np.asarray(self.test_weights.sum(axis=1), dtype=np.float64)

    @property
    def best_cost(self) -> Floats:
        """Mean test cost of the best arm, shape (S,)."""
        return _pick(self.arm_cost, self.best)

    @property
    def best_quality(self) -> Floats:
        """Mean test quality of the best arm, shape (S,)."""
        return _pick(self.arm_quality, self.best)

    @property
    def grid(self) -> Floats:
        """Budgets from the cheapest hull arm's test cost to the best arm's, shape (S, 40)."""
        return budget_grid(_pick(self.arm_cost, self.anchor), self.best_cost)


def lay_ground(outcomes: Outcomes, split: Split, weights: Weights) -> Ground:
    """Single arms on a split."""
    learning, test = weights[:, split.learning], weights[:, split.test]
    cost, quality = (weighted_means(learning, values[split.learning]) for values in (outcomes.cost, outcomes.quality))
    return Ground(
        split,
        outcomes,
        learning,
        test,
        anchor=hull_vertices(cost, quality)[:, 0],
        best=quality.argmax(axis=1),
        arm_cost=weighted_means(test, outcomes.cost[split.test]),
        arm_quality=weighted_means(test, outcomes.quality[split.test]),
    )


def judge(ground: Ground, policies: Policies) -> Judged:
    """Vertices by the learning queries, points by the test queries."""
    rows = ground.split.learning
    cost, quality = (
        weighted_means(ground.learning_weights, realised(values[rows], policies.learning))
        for values in (ground.outcomes.cost, ground.outcomes.quality)
    )
    return _on_test(ground, policies.test, lambda *_: hull_vertices(cost, quality))


def judge_hull(ground: Ground) -> Judged:
    """The best random mixture of single arms: the same procedure over them."""
    return judge(ground, single_arms(ground.split, len(ground.outcomes.arms)))


def judge_every(ground: Ground, taken: Arms) -> Judged:
    """Every policy is a vertex: where there are no outcomes to choose among them by. ``taken``, shape (T, policies)."""
    return _on_test(ground, taken, lambda cost, _: np.tile(np.arange(cost.shape[1]), (len(cost), 1)))


def judge_oracle(ground: Ground) -> Judged:
    """The trade-off sweep with the test outcomes known, its vertices too."""
    return _on_test(ground, all_knowing(ground.outcomes, ground.split), hull_vertices)


def realised(values: Matrix, taken: Arms) -> Matrix:
    """What the arms that policies took did: (Q, A) values and (Q, P) arms to (Q, P)."""
    return np.take_along_axis(values, taken.astype(np.intp), axis=1)


def weighted_means(weights: Weights, values: Matrix) -> Floats:
    """Mean of every column under every weighting: (S, Q) and (Q, P) to (S, P); 0 where nothing weighs."""
    total = weights.sum(axis=1, dtype=np.float64)
    return np.asarray((weights @ values) / np.maximum(total, 1.0)[:, None], dtype=np.float64)


def _on_test(ground: Ground, taken: Arms, choose: Callable[[Floats, Floats], Places]) -> Judged:
    rows = ground.split.test
    cost, quality = (
        weighted_means(ground.test_weights, realised(values[rows], taken))
        for values in (ground.outcomes.cost, ground.outcomes.quality)
    )
    curve = lay_curve(choose(cost, quality), cost, _pick(ground.arm_cost, ground.anchor))
    anchored = np.concatenate((quality, _pick(ground.arm_quality, ground.anchor)[:, None]), axis=1)
    last = np.full((len(rows), 1), ground.anchor[0], dtype=taken.dtype)
    return Judged(curve, anchored, np.concatenate((taken, last), axis=1))


def _pick(values: Floats, places: Places) -> Floats:
    return np.take_along_axis(values, places[:, None], axis=1)[:, 0]
