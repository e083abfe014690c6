"""Boundary-guided cloning (METHODS M7): what to do on every query of a log under every budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stigmergy.platform.learning.difficulty import Bounds, Thresholds, clone_targets, quality_bounds
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.rl.draws import Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.trainers.rl.material import Replay
from stigmergy.platform.learning.trainers.rl.rows import Rows
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.catalog import entry
from stigmergy.routers.estimators.views import NGRAMS
from stigmergy.routers.observation import Places

ESTIMATOR: Final = "nearest_and_ridge_task"
"""Cross-fitted, it says how good an arm is expected to be on a query."""


def clone_rows(replay: Replay, terms: RewardTerms, levels: Sequence[float]) -> Rows:
    """The first hop of every train query at every budget level, and the arm to clone there.

    Every arm was run on every query, so weighting runs that took the target by the inverse of their propensity comes to
    one row of weight 1. Without a feasible arm that was observed there is no row.
    """
    rows = replay.rows(TRAIN)
    bounds = bounds_on(replay, rows)
    env = ReplayEnv(replay.source, terms, rows, Weather(), size=len(rows), seed=0)
    price = replay.arms.worst.worst_case[rows]
    observations, actions = [], []
    for level in levels:
        budget = budgets_at(replay.source, rows, level)
        seen = env.begin(draw_on(replay.source, rows, budget, Weather(), np.random.default_rng(0)))
        target = clone_targets(bounds, price, env.seen.feasible, Thresholds())
        observations.append(seen[target >= 0])
        actions.append(target[target >= 0])
    cloned = np.concatenate(actions)
    return Rows({"obs": np.concatenate(observations), "actions": cloned}, np.ones(len(cloned), dtype=np.float32))


def bounds_on(replay: Replay, rows: Places) -> Bounds:
    """Bounds of every arm's quality on some queries of the log."""
    table = replay.table
    queries = Queries(
        texts=tuple(table.texts[row] for row in rows),
        tasks=tuple(table.tasks[row] for row in rows),
        views={NGRAMS: replay.arms.queries.features[rows]},
    )
    outcomes = Outcomes(
        arms=table.arms,
        quality=table.quality[rows].astype(np.float32),
        cost=table.cost[rows].astype(np.float32),
    )
    runs = replay.arms.count[rows].astype(np.float64)
    return quality_bounds(queries, outcomes, runs, entry(ESTIMATOR).make(), Thresholds())
