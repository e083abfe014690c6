"""The policies that a router offers on one split of the queries, fixed before it sees test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.splitting import Split
from stigmergy.routers.estimators.base import Estimator, Fitted, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.folds import out_of_fold
from stigmergy.routers.estimators.means import arm_means
from stigmergy.routers.estimators.trade_off import choices, prices_of_money

Arms = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Policies:
    """Which arm each of P policies takes: on the learning queries, shape (L, P), and on the test queries, (T, P)."""

    learning: Arms
    test: Arms


@dataclass(frozen=True, slots=True)
class Swept:
    """The policies of an estimator, with what was fitted for test and the sweep's prices of money."""

    policies: Policies
    fitted: Fitted
    prices: NDArray[np.float64]


def sweep(estimator: Estimator, queries: Queries, outcomes: Outcomes, split: Split) -> Swept:
    """At most 101 policies: fitted on all learning queries for test, and without a query's fold for that query."""
    known, seen = queries.take(split.learning), outcomes.take(split.learning)
    prices = prices_of_money(arm_means(seen.cost))
    held_out = out_of_fold(estimator, known, seen, split.inner_folds)
    fitted = estimator.fit(known, seen)
    on_test = fitted.predict(queries.take(split.test))
    return Swept(_distinct(choices(held_out, prices), choices(on_test, prices)), fitted, prices)


def single_arms(split: Split, arms: int) -> Policies:
    """One policy for each arm: what the hull is made of."""
    every = np.arange(arms, dtype=np.int16)
    return Policies(np.tile(every, (len(split.learning), 1)), np.tile(every, (len(split.test), 1)))


def all_knowing(outcomes: Outcomes, split: Split) -> Arms:
    """The sweep by someone who knows the outcomes on test, shape (T, P)."""
    prices = prices_of_money(arm_means(outcomes.cost[split.learning]))
    known = Predictions(outcomes.quality[split.test], outcomes.cost[split.test])
    return choices(known, prices)


def _distinct(learning: Arms, test: Arms) -> Policies:
    """Without policies that choose everywhere as the one before them: they add no point."""
    both = np.concatenate((learning, test))
    new = np.concatenate(([True], (both[:, 1:] != both[:, :-1]).any(axis=0)))
    return Policies(learning[:, new], test[:, new])
