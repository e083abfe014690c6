"""How well a guard rejects: figures on queries it never saw, with bootstrap intervals over them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.bootstrap import SAMPLES, Interval, interval, query_weights
from stigmergy.platform.learning.guarding.guard_log import Queries
from stigmergy.routers.guard.calibration import Verdict
from stigmergy.routers.guard.guard import Guard

_BINS: Final = 10
_TIMES: Final = 3

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Figures of a guard on one suite; None where the suite has no query that they are about.

    Attributes:
        accuracy: known queries whose likeliest agent is the right one, rejected or not.
        known_served: known queries that were not rejected and went to the right agent.
        strange_rejected: strange queries that were rejected.
        score: ``2 a b / (a + b)`` of the two before.
        auroc: chance that a strange query has a higher probability than a known one, ties counted half.
        calibration_error: mean distance of probability from frequency over ten bins, strange and known weighing alike.
        rejected: share that was rejected, by kind of query.
        verdict_ms: p50 and p99 of one verdict in milliseconds, each query's quickest of three.
    """

    queries: Mapping[str, int]
    accuracy: Interval | None
    known_served: Interval | None
    strange_rejected: Interval | None
    score: Interval | None
    auroc: Interval | None
    calibration_error: float
    rejected: Mapping[str, float]
    verdict_ms: Mapping[str, float]


def judge(guard: Guard, queries: Queries, seed: int) -> Judged:
    """The guard's figures on the queries; ``seed`` draws the bootstrap samples."""
    verdicts, seconds = _verdicts(guard, queries)
    probability = np.array([verdict.probability for verdict in verdicts])
    rejected = np.array([verdict.rejected for verdict in verdicts])
    right = np.array([verdict.agent for verdict in verdicts], dtype=object) == queries.agent
    strange, kinds = queries.strange, queries.kind
    weights = query_weights(len(queries), SAMPLES, seed).astype(np.float64)
    served, refused = _share(weights, right & ~rejected, ~strange), _share(weights, rejected, strange)
    p50, p99 = np.percentile(seconds * 1000, (50, 99))
    return Judged(
        queries={"known": int((~strange).sum()), "strange": int(strange.sum())},
        accuracy=interval(_share(weights, right, ~strange)),
        known_served=interval(served),
        strange_rejected=interval(refused),
        score=interval(_harmonic(served, refused)),
        auroc=interval(weighted_auroc(weights, probability, strange)),
        calibration_error=_calibration_error(probability, strange),
        rejected={kind: float(rejected[kinds == kind].mean()) for kind in sorted(set(kinds))},
        verdict_ms={"p50": float(p50), "p99": float(p99)},
    )


def weighted_auroc(weights: Floats, values: Floats, strange: Flags) -> Floats:
    """The area under the ROC curve under each weighting of the queries.

    Args:
        weights: shape (weightings, queries).
        values: shape (queries,), higher is stranger.
        strange: shape (queries,).

    Returns:
        Shape (weightings,); NaN where one of the two kinds has no weight.
    """
    order = np.argsort(values, kind="stable")
    begins = np.flatnonzero(np.diff(values[order], prepend=-np.inf))
    ordered, flags = weights[:, order], strange[order]
    known = np.add.reduceat(np.where(flags, 0.0, ordered), begins, axis=1)
    stranger = np.add.reduceat(np.where(flags, ordered, 0.0), begins, axis=1)
    below = np.cumsum(known, axis=1) - known / 2
    return _ratio((stranger * below).sum(axis=1), stranger.sum(axis=1) * known.sum(axis=1))


def _verdicts(guard: Guard, queries: Queries) -> tuple[Sequence[Verdict], Floats]:
    """Every verdict, and the seconds it took: of three times the quickest, since other work interrupts."""
    verdicts, seconds = [], []
    for text in queries.query:
        clocked = []
        for _ in range(_TIMES):
            begin = time.perf_counter()
            verdict = guard.verdict(text)
            clocked.append(time.perf_counter() - begin)
        verdicts.append(verdict)
        seconds.append(min(clocked))
    return verdicts, np.array(seconds)


def _share(weights: Floats, flags: Flags, among: Flags) -> Floats:
    return _ratio(weights[:, among] @ flags[among].astype(np.float64), weights[:, among].sum(axis=1))


def _harmonic(served: Floats, rejected: Floats) -> Floats:
    return _ratio(2.0 * served * rejected, served + rejected)


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return ratio


def _calibration_error(probability: Floats, strange: Flags) -> float:
    shares = np.where(strange, 0.5 / max(1, strange.sum()), 0.5 / max(1, (~strange).sum()))
    bins = np.minimum((probability * _BINS).astype(np.intp), _BINS - 1)
    said, happened = (np.bincount(bins, shares * values, _BINS) for values in (probability, strange))
    return float(np.abs(said - happened).sum())
