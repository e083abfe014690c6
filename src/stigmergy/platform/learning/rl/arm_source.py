"""Query x arm logs as a source of outcomes: one answered call ends the episode, a failed one lets it choose again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from stigmergy.domain import TaskType
from stigmergy.platform.learning.evaluation.reading import SOLVED
from stigmergy.platform.learning.rl.arm_log import ArmLog
from stigmergy.platform.learning.rl.sources import Called, Offers, QueryTable
from stigmergy.platform.learning.rl.worst_cases import WorstCases, worst_cases
from stigmergy.routers.observation import Floats, Money, ObservationSpec, Places, Truths

MOST_HOPS: Final = 4
"""Unit in which hops are counted; episodes may take more, as many as there are arms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSource:
    """Implements ``OutcomeSource``. ``charged, score, latency_s`` and ``cut`` of the runs are of shape (Q, A, R)."""

    spec: ObservationSpec
    queries: QueryTable
    worst: WorstCases
    count: Places
    score: Floats
    latency_s: Floats
    _nothing: Money = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_nothing", np.zeros(self.count.shape[1], dtype=np.int64))

    def success(self) -> Floats:
        """Share of every cell's runs that solved the query, shape (Q, A); those that were cut did not."""
        there = np.arange(self.score.shape[2]) < self.count[:, :, None]
        solved = there & ~self.worst.cut & (self.score >= SOLVED)
        return np.asarray(solved.sum(axis=2) / self.count, dtype=np.float32)

    def price_range(self, query: Places) -> tuple[Money, Money]:
        """See ``OutcomeSource``."""
        worst = self.worst.worst_case[query]
        return worst.min(axis=1), worst.max(axis=1)

    def start(self, query: Places) -> Places:
        """See ``OutcomeSource``; the state never changes."""
        return np.zeros(len(query), dtype=np.int64)

    def offers(self, query: Places, state: Places) -> Offers:
        """See ``OutcomeSource``; every arm is open at the start."""
        worst = self.worst.worst_case[query]
        return Offers(
            position=np.zeros(len(state), dtype=np.int64),
            open=np.ones(worst.shape, dtype=bool),
            worst_case=worst,
            cost_to_go=np.broadcast_to(self._nothing, worst.shape).copy(),
        )

    def looks(self, query: Places, state: Places, left: Money, feasible: Truths) -> Floats:  # noqa: ARG002 - the text is the same everywhere
        """See ``OutcomeSource``: the query's vector."""
        return self.queries.features[query]

    def call(self, query: Places, state: Places, action: Places, luck: Floats) -> Called:
        """See ``OutcomeSource``; luck picks one of the runs of the cell."""
        count = self.count[query, action]
        run = np.minimum((luck * count).astype(np.int64), count - 1)
        place = (query, action, run)
        cut: Truths = self.worst.cut[place]
        return Called(
            charged=self.worst.charged[place],
            quality=np.where(cut, np.float32(0.0), self.score[place]),
            latency_s=self.latency_s[place],
            cut=cut,
            ended=np.ones(len(query), dtype=bool),
            state=state,
        )


def arm_source(log: ArmLog, features: str, vectors: Floats) -> ArmSource:
    """Act in a log again.

    Args:
        log: the log.
        features: version of what made the query vectors.
        vectors: of the queries, shape (Q, D).
    """
    worst, table = worst_cases(log), log.table
    tasks = tuple(sorted(set(table.tasks)))
    spec = ObservationSpec(
        graph=next(iter(table.files.values())),
        features=features,
        feature_size=vectors.shape[1],
        tasks=tasks,
        actions=table.arms,
        low=int(worst.worst_case.min()),
        high=int(worst.worst_case.max()),
        most_hops=min(MOST_HOPS, len(table.arms)),
    )
    queries = QueryTable(
        features=vectors.astype(np.float32),
        mixture=_one_hot(table.tasks, tasks),
        cluster=np.array(table.query_ids, dtype=object),
        split=table.splits,
    )
    return ArmSource(
        spec=spec,
        queries=queries,
        worst=worst,
        count=log.count,
        score=np.nan_to_num(log.score).astype(np.float32),
        latency_s=np.nan_to_num(log.latency_s).astype(np.float32),
    )


def _one_hot(tasks: tuple[TaskType, ...], known: tuple[TaskType, ...]) -> Floats:
    places = [known.index(task) for task in tasks]
    return np.eye(len(known), dtype=np.float32)[places]
