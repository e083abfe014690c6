"""Which arms and queries a replay compares (METHODS M2), and what was left out and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.log_reading import SPLITS, TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable

LEAST_SCORED: Final = 0.95
LEAST_PRICED: Final = 0.90
MOST_ARMS: Final = 12
_LEAST_ARMS: Final = 2
_LEAST_QUERIES: Final = 20
"""Five folds, each again cut in five, need about that many for every part to hold something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The complete part of a table that a replay runs on; ``left_out`` says why each other arm is not in it."""

    table: OutcomeTable
    left_out: Mapping[str, str]
    queries_dropped: int


def select_arms(
    table: OutcomeTable, excluded: Collection[str] = (), *, most: int = MOST_ARMS, least_scored: float = LEAST_SCORED
) -> Selected:
    """Arms at least 95 % scored and 90 % priced on train; of them the 12 best by train mean; queries complete on these.

    Args:
        table: all that was logged.
        excluded: arms that the caller does not want in.
        most: how many of the best may stay, instead of 12.
        least_scored: the share of train on which an arm has to be scored, instead of 95 %.

    Raises:
        InvalidLog: an excluded arm is not there, fewer than two arms are left, or too few queries.
    """
    path = ", ".join(table.files)
    unknown = sorted(set(excluded) - set(table.arms))
    if unknown:
        raise InvalidLog(path, f"no arm {', '.join(unknown)} to exclude; its arms: {', '.join(table.arms)}")
    left_out = _why_not(table, excluded, least_scored)
    able = [place for place, arm in enumerate(table.arms) if arm not in left_out]
    if len(able) < _LEAST_ARMS:
        why = "; ".join(f"{arm}: {reason}" for arm, reason in left_out.items())
        raise InvalidLog(path, f"a router needs two arms to choose from, and {len(able)} can be used ({why})")
    means = np.nanmean(table.quality[table.rows_of(TRAIN)], axis=0)
    ranked = sorted(able, key=lambda place: (-means[place], table.arms[place]))
    for place in ranked[most:]:
        left_out[table.arms[place]] = f"not among the {most} best on train"
    return _complete_part(table, sorted(ranked[:most]), left_out)


def _why_not(table: OutcomeTable, excluded: Collection[str], least_scored: float) -> dict[str, str]:
    train = table.rows_of(TRAIN)
    scored = (~np.isnan(table.quality[train])).mean(axis=0)
    priced = (~np.isnan(table.cost[train])).mean(axis=0)
    reasons = {}
    for place, arm in enumerate(table.arms):
        if arm in excluded:
            reasons[arm] = "excluded by the caller"
        elif scored[place] < least_scored:
            reasons[arm] = f"scored on {scored[place]:.1%} of train, {least_scored:.0%} are needed"
        elif priced[place] < LEAST_PRICED:
            reasons[arm] = f"its cost is known on {priced[place]:.1%} of train, {LEAST_PRICED:.0%} are needed"
    return reasons


def _complete_part(table: OutcomeTable, arms: list[int], left_out: Mapping[str, str]) -> Selected:
    quality, cost = table.quality[:, arms], table.cost[:, arms]
    complete = np.isfinite(quality + cost).all(axis=1)
    kept = np.flatnonzero(complete)
    part = replace(
        table,
        query_ids=tuple(table.query_ids[row] for row in kept),
        texts=tuple(table.texts[row] for row in kept),
        tasks=tuple(table.tasks[row] for row in kept),
        splits=table.splits[kept],
        arms=tuple(table.arms[place] for place in arms),
        quality=quality[kept],
        cost=cost[kept],
    )
    path = ", ".join(table.files)
    if len(kept) < _LEAST_QUERIES:
        raise InvalidLog(path, f"{len(kept)} queries are complete on all arms; at least {_LEAST_QUERIES} are needed")
    for split in SPLITS:
        if not part.rows_of(split).any():
            raise InvalidLog(path, f"its split {split} holds no query that is complete on all {len(arms)} arms")
    return Selected(table=part, left_out=left_out, queries_dropped=len(table.query_ids) - len(kept))
