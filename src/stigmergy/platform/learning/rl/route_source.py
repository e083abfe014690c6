"""Route logs as a source of outcomes: an episode walks a query's tree of prefixes, hop by hop, to GOAL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.domain import TaskType
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.platform.learning.rl.sources import Called, Offers, QueryTable
from stigmergy.platform.learning.rl.worst_cases import CAP_QUANTILE, NANO
from stigmergy.routers.observation import Floats, Money, ObservationSpec, Places, Truths

_NEVER: Final = np.iinfo(np.int64).max // 4
"""More than any route costs; a sum of a few of them still fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What can be done from every state, shape (S, A): states are the N branches, then the Q starts.

    ``first`` is the first row of a step's outcomes and ``count`` how many rows it has; 0: not logged there.
    ``to_go`` is the least worst case of what may follow the step, whatever comes of it, and ``at_most`` the greatest.
    """

    first: Places
    count: Places
    to_go: Money
    at_most: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSource:
    """Implements ``OutcomeSource``. A state is a row of the log, or N + the query's number at START.

    ``worst`` (A,) is every node's worst case, ``charged`` (N,) what a branch is charged, ``cut`` (N,) those that went
    beyond the worst case: they are charged it, and end the episode with quality 0, as failed calls do. ``reached``
    (N,) is the share of a step's runs up to and with the branch: luck picks by it.
    """

    log: RouteLog
    spec: ObservationSpec
    queries: QueryTable
    worst: Money
    charged: Money
    cut: Truths
    reached: Floats
    ways: Ways

    def price_range(self, query: Places) -> tuple[Money, Money]:
        """See ``OutcomeSource``."""
        at = self.start(query)
        there, ways = self.ways.count[at] > 0, self.ways
        least = np.where(there, self.worst + ways.to_go[at], _NEVER).min(axis=1)
        most = np.where(there, self.worst + ways.at_most[at], 0).max(axis=1)
        return least, most

    def start(self, query: Places) -> Places:
        """See ``OutcomeSource``."""
        return np.asarray(query + len(self.log.branches), dtype=np.int64)

    def offers(self, query: Places, state: Places) -> Offers:  # noqa: ARG002 - the state tells the query
        """See ``OutcomeSource``; what was not logged behind a prefix is not open."""
        there = self.ways.count[state] > 0
        at_start = state >= len(self.log.branches)
        node = self.log.branches.node[np.where(at_start, 0, state)]
        return Offers(
            position=np.where(at_start, 0, 1 + node).astype(np.int64),
            open=there,
            worst_case=np.where(there, self.worst, 0),
            cost_to_go=np.where(there, self.ways.to_go[state], 0),
        )

    def looks(self, query: Places, state: Places, left: Money, feasible: Truths) -> Floats:  # noqa: ARG002 - the text is the same everywhere
        """See ``OutcomeSource``: the query's vector."""
        return self.queries.features[query]

    def call(self, query: Places, state: Places, action: Places, luck: Floats) -> Called:  # noqa: ARG002 - as above
        """See ``OutcomeSource``; luck picks one of the step's outcomes, by their runs."""
        first, count = self.ways.first[state, action], self.ways.count[state, action]
        row = first.copy()
        for step in range(1, int(count.max(initial=0))):
            later = first + np.minimum(step, np.maximum(count - 1, 0))
            row = np.where((step < count) & (luck >= self.reached[later - 1]), later, row)
        branches, cut = self.log.branches, self.cut[row]
        broken = cut | branches.failed[row]
        quality = np.where(broken, 0.0, np.nan_to_num(branches.quality[row]))
        return Called(
            charged=self.charged[row],
            quality=quality.astype(np.float32),
            latency_s=branches.latency[row].astype(np.float32),
            cut=cut,
            ended=broken | (action == self.log.goal),
            state=np.where(broken, state, row),
        )


def route_source(log: RouteLog, features: str, vectors: Floats) -> RouteSource:
    """Act in a route log again.

    The worst case of a node is the 99th percentile of its steps' costs on train, every branch counting as often as it
    was run; on the whole log where train has none of it.

    Args:
        log: the log.
        features: version of what made the vectors.
        vectors: of the queries, shape (Q, D).
    """
    worst = _worst_cases(log)
    own: Money = np.ceil(log.branches.cost * NANO).astype(np.int64)
    ways = _ways(log, worst)
    tasks = tuple(sorted(set(log.queries.tasks)))
    starts = np.arange(len(log.queries)) + len(log.branches)
    there = ways.count[starts] > 0
    spec = ObservationSpec(
        graph=next(iter(log.files.values())),
        features=features,
        feature_size=vectors.shape[1],
        tasks=tasks,
        actions=log.nodes,
        low=int(np.where(there, worst + ways.to_go[starts], _NEVER).min()),
        high=int(np.where(there, worst + ways.at_most[starts], 0).max()),
        most_hops=_most_hops(log),
    )
    return RouteSource(
        log=log,
        spec=spec,
        queries=_query_table(log, tasks, vectors),
        worst=worst,
        charged=np.minimum(own, worst[log.branches.node]),
        cut=own > worst[log.branches.node],
        reached=_reached(log),
        ways=ways,
    )


def _query_table(log: RouteLog, tasks: tuple[TaskType, ...], vectors: Floats) -> QueryTable:
    return QueryTable(
        features=vectors.astype(np.float32),
        mixture=np.eye(len(tasks), dtype=np.float32)[[tasks.index(task) for task in log.queries.tasks]],
        cluster=np.array(log.queries.ids, dtype=object),
        split=log.queries.splits,
    )


def _worst_cases(log: RouteLog) -> Money:
    branches, train = log.branches, log.rows_of(TRAIN)
    found = np.zeros(len(log.nodes), dtype=np.int64)
    for node in range(len(log.nodes)):
        here = branches.node == node
        known = here & train[branches.query]
        rows = np.flatnonzero(known if known.any() else here)
        if len(rows):
            costs = np.repeat(branches.cost[rows], branches.runs[rows])
            found[node] = int(np.ceil(np.quantile(costs, CAP_QUANTILE, method="higher") * NANO))
    return found


def _states_above(log: RouteLog) -> Places:
    branches = log.branches
    return np.asarray(np.where(branches.parent >= 0, branches.parent, len(branches) + branches.query), dtype=np.int64)


def _ways(log: RouteLog, worst: Money) -> Ways:
    """Filled from the deepest hops up: what may follow a step is known once everything behind it is."""
    branches, above = log.branches, _states_above(log)
    shape = (len(branches) + len(log.queries), len(log.nodes))
    count, rows = np.zeros(shape, dtype=np.int64), np.arange(len(branches))
    first = np.full(shape, len(branches) - 1, dtype=np.int64)
    np.add.at(count, (above, branches.node), 1)
    np.minimum.at(first, (above, branches.node), rows)
    to_go, at_most = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    depth = depths(log)
    for level in range(int(depth.max()), 0, -1):
        here = rows[depth == level]
        there = count[here] > 0
        ended = ~there.any(axis=1)
        least = np.where(there, worst + to_go[here], _NEVER).min(axis=1)
        most = np.where(there, worst + at_most[here], 0).max(axis=1)
        place = (above[here], branches.node[here])
        np.maximum.at(to_go, place, np.where(ended, 0, least))
        np.maximum.at(at_most, place, np.where(ended, 0, most))
    return Ways(first=first, count=count, to_go=to_go, at_most=at_most)


def depths(log: RouteLog) -> Places:
    """The how-many-eth hop each branch is, from 1."""
    parent = log.branches.parent
    depth, at = np.ones(len(parent), dtype=np.int64), parent.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, parent[np.maximum(at, 0)], at)
    return depth


def _most_hops(log: RouteLog) -> int:
    return int(depths(log).max())


def _reached(log: RouteLog) -> Floats:
    """Running sums of shares inside every step; rows of a step lie together."""
    runs, step = log.branches.runs.astype(np.float64), log.branches.step
    starts = np.flatnonzero(np.r_[True, step[1:] != step[:-1]])
    lengths = np.diff(np.r_[starts, len(step)])
    upto = np.cumsum(runs)
    before = np.repeat(upto[starts] - runs[starts], lengths)
    total = np.repeat(np.add.reduceat(runs, starts), lengths)
    return np.asarray((upto - before) / total, dtype=np.float32)
