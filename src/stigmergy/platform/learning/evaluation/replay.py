"""Routers replayed on a complete table of outcomes: every query tested once per seed, and the file's own split once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.bootstrap import SAMPLES, query_weights
from stigmergy.platform.learning.evaluation.contestant import Contestant, judge_played
from stigmergy.platform.learning.evaluation.embedding import Embedded
from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.judging import (
    judge,
    judge_hull,
    judge_oracle,
    lay_ground,
)
from stigmergy.platform.learning.evaluation.log_reading import TEST
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.evaluation.policies import Swept, sweep
from stigmergy.platform.learning.evaluation.reading import Reading, read
from stigmergy.platform.learning.evaluation.splitting import Split, make_split, seeded_splits
from stigmergy.platform.learning.evaluation.timing import DecisionTime, time_decisions
from stigmergy.routers.estimators.base import Outcomes
from stigmergy.routers.estimators.catalog import entry

HULL: Final = "hull"
ORACLE: Final = "oracle"
NEAREST: Final = "nearest"
BEST_SINGLE: Final = "best_single"
MANDATORY: Final = ("random", "cheapest", "dearest", BEST_SINGLE, "best_per_task", HULL, NEAREST, "ridge", ORACLE)
"""In every report, whatever else was asked for."""
_MULTIPLES: Final = 240

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Every router's readings by name: on the seeds' splits, and on the file's own."""

    multiples: Floats
    """Of the best single arm's cost, at which curves were read."""
    seeds: Mapping[str, Sequence[Sequence[Reading]]]
    given: Mapping[str, Sequence[Sequence[Reading]]]
    decisions: Mapping[str, DecisionTime]


class Replay:
    """One log and the routers to judge on it.

    Args:
        table: complete on its arms.
        embedded: its queries with every view that the routers need.
        routers: names of the catalog of estimators; the mandatory baselines come by themselves.
        samples: bootstrap samples.
        contestants: by name, who plays queries instead of choosing among the arms.

    Raises:
        UnknownEstimator: a name is not in the catalog.
        MissingView: a router looks at vectors that the queries were not given.
    """

    def __init__(
        self,
        table: OutcomeTable,
        embedded: Embedded,
        routers: Sequence[str],
        *,
        samples: int = SAMPLES,
        contestants: Mapping[str, Contestant] = MappingProxyType({}),
    ) -> None:
        self._table = table
        self._contestants = contestants
        self._embedded = embedded
        names = dict.fromkeys((*MANDATORY, *routers))
        self._entries = {name: entry(name) for name in names if name not in (HULL, ORACLE)}
        for each in self._entries.values():
            if each.view is not None:
                embedded.queries.view(each.view)
        self._outcomes = Outcomes(
            arms=table.arms, quality=table.quality.astype(np.float32), cost=table.cost.astype(np.float32)
        )
        self._weights = query_weights(len(table.texts), samples, seed=0)
        self._multiples = self._spread_multiples()

    def run(self, seeds: int, progress: Progress, clock: Callable[[], float] = time.perf_counter) -> Readings:
        """Judge every router on ``seeds`` >= 1 assignments of the queries to five folds, and on the given split.

        Args:
            seeds: how many.
            progress: told what is being done.
            clock: seconds, monotonic; only decision times depend on it.
        """
        test = self._table.rows_of(TEST)
        given = make_split(self._table.texts, ~test, test)
        progress("the file's own split")
        swept = self._sweep_all(given)
        decisions = {name: self._timed(name, found, given, clock) for name, found in swept.items()}
        found = self._read_all(given, swept)
        every = []
        for seed in range(seeds):
            progress(f"seed {seed + 1} of {seeds}")
            every.append([self._read_all(s, self._sweep_all(s)) for s in seeded_splits(self._table.texts, seed)])
        return Readings(
            multiples=self._multiples,
            seeds={name: [[readings[name] for readings in of_seed] for of_seed in every] for name in found},
            given={name: [[reading]] for name, reading in found.items()},
            decisions=decisions,
        )

    def _sweep_all(self, split: Split) -> dict[str, Swept]:
        return {
            name: sweep(each.make(), self._embedded.queries, self._outcomes, split)
            for name, each in self._entries.items()
        }

    def _read_all(self, split: Split, swept: Mapping[str, Swept]) -> dict[str, Reading]:
        ground = lay_ground(self._outcomes, split, self._weights)
        hull = judge_hull(ground)
        judged = {HULL: hull, **{name: judge(ground, each.policies) for name, each in swept.items()}}
        judged[ORACLE] = judge_oracle(ground)
        readings = {name: read(ground, each, hull, self._multiples) for name, each in judged.items()}
        for name, contestant in self._contestants.items():
            readings[name] = read(*judge_played(ground, contestant.play(split)), hull, self._multiples)
        return readings

    def _timed(self, name: str, swept: Swept, split: Split, clock: Callable[[], float]) -> DecisionTime:
        view = self._entries[name].view
        made_by = None if view is None else (view, self._embedded.embedders[view])
        return time_decisions(swept, self._embedded.queries.take(split.test), made_by, clock)

    def _spread_multiples(self) -> Floats:
        """Log-spaced from the cheapest arm to the dearest, in units of the best one's mean cost, and 1."""
        costs = self._outcomes.cost.mean(axis=0, dtype=np.float64)
        best = costs[self._outcomes.quality.mean(axis=0).argmax()]
        paid = costs[costs > 0.0]
        if best == 0.0 or not paid.size:
            return np.ones(1)
        return np.union1d(np.geomspace(paid.min() / best, paid.max() / best, _MULTIPLES), [1.0])
