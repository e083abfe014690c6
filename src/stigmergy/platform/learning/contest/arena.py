"""One log that policies compete on: outcomes to act in, its complete routes, and what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.boundary import boundary_costs
from stigmergy.platform.learning.evaluation.embedding import embed_queries
from stigmergy.platform.learning.evaluation.log_reading import SPLITS, TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.evaluation.reading import SOLVED
from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.platform.learning.paths.route_table import ARROW, select_routes
from stigmergy.platform.learning.rl.arm_log import ArmLog
from stigmergy.platform.learning.rl.arm_source import ArmSource, arm_source
from stigmergy.platform.learning.rl.expecting import FORESEEN, Expected, expect
from stigmergy.platform.learning.rl.foreseeing import ArmOutlook, ForeseeingSource, Outlook, route_outlook
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.route_source import RouteSource, route_source
from stigmergy.routers.estimators.base import Matrix, Outcomes
from stigmergy.routers.observation import Money, Places

COST_WEIGHT: Final = 0.02
"""Quality that the span between the boundary policies is worth: success counts first, money decides between equals."""
FEATURES: Final = f"prospects-{FORESEEN}"
_LUCKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A log of Q queries and R complete routes; a log of queries against arms has routes of one hop.

    Attributes:
        name: for people.
        source: to be acted in; policies see the prospects of actions.
        terms: what outcomes are worth to those who learn.
        hops: nodes of every route by number, GOAL where it is one, shape (R, H); -1 behind its end.
        worst: what a route may cost at most, in nano-dollars, shape (Q, R).
        success: share of its runs that solved the query, shape (Q, R).
        expected: success by estimators that did not see the query.
        lucks: over how many evenly spaced lucks every query is played; 1 where no step was run twice.
        files: fingerprints by name.
    """

    name: str
    source: ForeseeingSource
    terms: RewardTerms
    hops: Places
    worst: Money
    success: Matrix
    expected: Expected
    lucks: int
    files: Mapping[str, str]

    def rows(self, split: str) -> Places:
        """Numbers of the queries of a split."""
        return np.flatnonzero(self.source.queries.split == split).astype(np.int64)

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many queries each split has."""
        return {split: len(self.rows(split)) for split in SPLITS}


def arm_arena(name: str, log: ArmLog) -> Arena:
    """A log of queries against arms, as its splits say; nothing is learnt from test, texts included."""
    table = log.table
    source = arm_source(log, FEATURES, np.zeros((len(table.texts), 1), dtype=np.float32))
    success = source.success()
    hops = np.arange(len(table.arms), dtype=np.int64)[:, None]
    lucks = 1 if log.count.max() == 1 else _LUCKS
    expected = _expected(table, success)
    return _arena(
        name,
        source,
        ArmOutlook(expected.foreseen),
        table,
        success=success,
        expected=expected,
        hops=hops,
        worst=source.worst.worst_case,
        lucks=lucks,
    )


def route_arena(name: str, log: RouteLog) -> Arena:
    """A log of routes through a graph.

    Raises:
        InvalidLog: its routes cannot be compared, or not on all of its queries.
    """
    table = _on_every_query(log)
    source = route_source(log, FEATURES, np.zeros((len(log.queries), 1), dtype=np.float32))
    paths = [[*(log.nodes.index(node) for node in arm.split(ARROW)), log.goal] for arm in table.arms]
    hops = np.full((len(paths), max(map(len, paths))), -1, dtype=np.int64)
    for place, path in enumerate(paths):
        hops[place, : len(path)] = path
    worst = np.where(hops >= 0, source.worst[hops], 0).sum(axis=1)
    success = (table.quality >= SOLVED).astype(np.float32)
    expected = _expected(table, success)
    return _arena(
        name,
        source,
        route_outlook(log, hops, source.worst, expected.foreseen),
        table,
        success=success,
        expected=expected,
        hops=hops,
        worst=np.tile(worst, (len(success), 1)),
        lucks=_LUCKS if log.repeated else 1,
    )


def _expected(table: OutcomeTable, success: Matrix) -> Expected:
    outcomes = Outcomes(arms=table.arms, quality=success, cost=table.cost.astype(np.float32))
    return expect(embed_queries(table).queries, outcomes, np.flatnonzero(table.rows_of(TRAIN)))


def _arena(name: str, source: ArmSource | RouteSource, outlook: Outlook, table: OutcomeTable, **known: Any) -> Arena:
    spec = replace(source.spec, feature_size=len(source.spec.actions))
    scale = boundary_costs(source, np.flatnonzero(table.rows_of(TRAIN)))
    return Arena(
        name=name,
        source=ForeseeingSource(source, outlook, spec),
        terms=RewardTerms(scale=scale, cost_weight=COST_WEIGHT),
        files=table.files,
        **known,
    )


def _on_every_query(log: RouteLog) -> OutcomeTable:
    selected = select_routes(log)
    if selected.queries_dropped:
        raise InvalidLog(
            ", ".join(log.files),
            f"{selected.queries_dropped} of its queries lack a route that all train queries have; leave them out first",
        )
    return selected.table
