"""Logged outcomes as a bandit meets them: a context per query and a reward per arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.rewards import net_reward
from stigmergy.routers.query_features import FeatureReader, HashedNgrams

Floats = NDArray[np.float64]
READER: Final = FeatureReader(HashedNgrams())
"""Reads queries as a platform does; the log's task is taken for the task type that a user states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Q queries against A arms.

    Attributes:
        arms: their names.
        contexts: shape (Q, d).
        rewards: net of cost, shape (Q, A); NaN where an arm was not run or its cost is not known.
        span_usd: the unit of cost: mean cost of the dearest arm less that of the cheapest, on train.
        standing: mean reward of every arm on train, shape (A,); who has to choose without looking goes by it.
    """

    arms: tuple[str, ...]
    contexts: Floats
    rewards: Floats
    span_usd: float
    standing: Floats


def make_world(table: OutcomeTable, shape: ContextShape, cost_weight: float) -> World:
    """The world of a log that has a train split."""
    train = table.rows_of(TRAIN)
    means = np.nanmean(table.cost[train], axis=0)
    span = float(np.nanmax(means) - np.nanmin(means)) or 1.0
    rewards = np.asarray(net_reward(table.quality, table.cost / span, cost_weight))
    return World(
        arms=table.arms,
        contexts=read_contexts(table.texts, table.tasks, shape),
        rewards=rewards,
        span_usd=span,
        standing=np.nanmean(rewards[train], axis=0),
    )


def read_contexts(texts: Sequence[str], tasks: Sequence[str], shape: ContextShape) -> Floats:
    """The contexts of queries, shape (Q, d)."""
    return np.stack([shape.read(READER.read(text, task)) for text, task in zip(texts, tasks, strict=True)])
