"""From readings to what is published: one JSON-compatible document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from stigmergy.platform.learning.evaluation.arm_selection import Selected
from stigmergy.platform.learning.evaluation.bootstrap import interval
from stigmergy.platform.learning.evaluation.contestant import Contestant
from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.log_reading import SPLITS
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.evaluation.pooling import (
    PerQuery,
    along_multiples,
    at_best_cost,
    cost_shares,
    gaps,
    per_query,
)
from stigmergy.platform.learning.evaluation.reading import SOLVED
from stigmergy.platform.learning.evaluation.replay import BEST_SINGLE, HULL, NEAREST, ORACLE, Readings
from stigmergy.routers.estimators.catalog import ESTIMATORS

Document = dict[str, Any]
DESCRIPTIONS: Final[Mapping[str, str]] = {
    HULL: "the best random mixture of single arms; looks at no query",
    ORACLE: "knows the outcomes on test: nobody can do better with one arm per query",
    **{name: each.description for name, each in ESTIMATORS.items()},
}


def report(
    selected: Selected,
    readings: Readings,
    versions: Mapping[str, str],
    seeds: int,
    samples: int,
    contestants: Mapping[str, Contestant] = MappingProxyType({}),
) -> Document:
    """The whole report; the same for the same log, code and seeds but for ``decision_ms``.

    ``routers.<name>`` holds the gap closed over the hull with its 95 % interval, and what METHODS M2 asks for; a figure
    without a value (a gap where the oracle is no better than the hull, a quality that is never reached) is null.
    ``gap_samples`` is the gap on the queries as they are, then on every bootstrap sample; samples are the same for all
    routers, so that reports can be pooled in pairs.
    """
    table = selected.table
    described = {**DESCRIPTIONS, **{name: each.description for name, each in contestants.items()}}
    found = _Figures(readings, table, described)
    return {
        "data": _data(selected),
        "versions": dict(versions),
        "seeds": seeds,
        "bootstrap_samples": samples,
        "best_single": {"quality": found.best_quality, "cost_usd": found.best_cost},
        "routers": {name: found.of(name) for name in readings.seeds},
        "tasks": {task: {"queries": count} for task, count in sorted(Counter(table.tasks).items())},
    }


class _Figures:
    """Figures of every router against the same references."""

    def __init__(self, readings: Readings, table: OutcomeTable, described: Mapping[str, str]) -> None:
        self._readings = readings
        self._described = described
        self._tasks = np.asarray(table.tasks)
        self._rare = (table.quality >= SOLVED).sum(axis=1) == 1
        self._gaps = {name: gaps(each, readings.seeds[ORACLE]) for name, each in readings.seeds.items()}
        best = readings.seeds[BEST_SINGLE]
        self.best_quality = float(at_best_cost(best)[0])
        self.best_cost = float(np.nanmean(per_query(best, len(self._tasks)).cost))

    def of(self, name: str) -> Document:
        mine = self._readings.seeds[name]
        mean_gap, at_best = self._gaps[name].mean(axis=0), at_best_cost(mine)
        along = along_multiples(mine)
        expected = per_query(mine, len(self._tasks))
        timed = self._readings.decisions.get(name)
        return {
            "description": self._described[name],
            "gap_closed": _figure(mean_gap),
            "gap_samples": [_or_null(value) for value in mean_gap.tolist()],
            "gap_by_seed": [_or_null(value) for value in self._gaps[name][:, 0].tolist()],
            "given_split": self._on_given(name),
            "quality_at_best_single_cost": float(at_best[0]),
            "quality_at_best_single_cost_interval": _figure(at_best),
            "cost_share": dict(cost_shares(self._readings.multiples, along, self.best_quality)),
            "rare_solver_recall": _or_null(float(expected.solved[self._rare].mean())) if self._rare.any() else None,
            "decision_ms": None if timed is None else asdict(timed),
            "versus": {other: _difference(mean_gap, self._gaps[other].mean(axis=0)) for other in (NEAREST, HULL)},
            "tasks": self._per_task(expected),
            "curve": self._curve(along),
        }

    def _on_given(self, name: str) -> Document:
        given = self._readings.given
        return {"gap_closed": _figure(gaps(given[name], given[ORACLE])[0])}

    def _per_task(self, expected: PerQuery) -> Document:
        return {
            task: {
                "quality": float(np.nanmean(expected.quality[self._tasks == task])),
                "cost_usd": float(np.nanmean(expected.cost[self._tasks == task])),
            }
            for task in np.unique(self._tasks).tolist()
        }

    def _curve(self, along: Floats) -> Document:
        return {"cost_usd": (self._readings.multiples * self.best_cost).tolist(), "quality": along.tolist()}


def _data(selected: Selected) -> Document:
    table = selected.table
    return {
        "path": list(table.files),
        "sha256": list(table.files.values()),
        "rows": table.rows,
        "cells_with_several_runs": table.repeated_cells,
        "arms": {
            arm: {"quality": float(table.quality[:, place].mean()), "cost_usd": float(table.cost[:, place].mean())}
            for place, arm in enumerate(table.arms)
        },
        "arms_left_out": dict(selected.left_out),
        "queries": {
            "kept": len(table.query_ids),
            "dropped": {
                "not complete on all arms": selected.queries_dropped,
                "rows disagree on query, task or split": table.contradicting_queries,
            },
            **{split: int(table.rows_of(split).sum()) for split in SPLITS},
            "solved_by_one_arm_alone": int(((table.quality >= SOLVED).sum(axis=1) == 1).sum()),
        },
    }


def _figure(values: Floats) -> Document | None:
    found = interval(values)
    return None if found is None else asdict(found)


def _difference(mine: Floats, other: Floats) -> Document | None:
    found = interval(mine - other)
    return None if found is None else {"diff": found.mean, "low": found.low, "high": found.high}


def _or_null(value: float) -> float | None:
    return value if np.isfinite(value) else None
