"""Cross-validation of the evidence router and its baselines on one log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.bootstrap import Interval, query_weights
from stigmergy.platform.learning.evidence.answer_log import AnswerLog
from stigmergy.platform.learning.evidence.baselines import learn_baselines
from stigmergy.platform.learning.evidence.induction import Continuation
from stigmergy.platform.learning.evidence.judging import (
    AT_BEST,
    SHARES,
    cost_share,
    interval,
    read_line,
)
from stigmergy.platform.learning.evidence.play import play
from stigmergy.platform.learning.evidence.training import train
from stigmergy.platform.learning.evidence.training_config import TrainingConfig
from stigmergy.routers.estimators.folds import FOLDS, fold_numbers
from stigmergy.routers.evidence.batch import Flags

OURS: Final = "evidence"
CHAIN: Final = "threshold_chain"
_BEST: Final = "best_single"
_SAMPLES: Final = 1000
POINTS: Final = (0.0, 0.5, 1.0, 3.0)
"""Points below the best single agent's quality at which the cost share is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One method on one seed; quality in [0, 1], cost as share of the best single agent's mean.

    Attributes:
        dearest_quality: of the method's dearest line point, however much that costs.
        dearest_share: what that costs.
        gain: in quality over the best single agent, at that agent's mean cost; None: the method costs more at least.
        cost_share: points below the best single agent's quality -> share of its cost; None: never reached.
        ours_ahead: quality of the evidence router less this method's, both at the best single agent's mean cost.
    """

    dearest_quality: float
    dearest_share: float
    gain: Interval | None
    cost_share: Mapping[float, Interval | None]
    ours_ahead: Interval | None


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One assignment of texts to folds, every query tested once."""

    seed: int
    methods: Mapping[str, Judged]
    rosters: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A method over all folds: quality per query and share (N, G); and of its dearest policy quality and share (N,)."""

    quality: NDArray[np.float32]
    dearest: NDArray[np.float32]
    dearest_share: NDArray[np.float32]


def evaluate(
    log: AnswerLog, config: TrainingConfig, seeds: int, told: Callable[[str], None] = lambda _: None
) -> tuple[SeedResult, ...]:
    """Five folds by a hash of seed and text, for each of several seeds; all that is chosen is chosen on the other four.

    Args:
        log: all queries.
        config: of the evidence router.
        seeds: number of assignments, at least 1.
        told: called with what is being worked at.
    """
    return tuple(_evaluate_seed(log, config, seed, told) for seed in range(seeds))


def _evaluate_seed(log: AnswerLog, config: TrainingConfig, seed: int, told: Callable[[str], None]) -> SeedResult:
    folds = fold_numbers(log.texts, f"seed {seed}")
    lines: dict[str, _Line] = {}
    rosters = []
    for fold in np.unique(folds):
        told(f"seed {seed}, fold {int(fold) + 1} of {FOLDS}")
        learning, test = log.take(np.flatnonzero(folds != fold)), log.take(np.flatnonzero(folds == fold))
        trained = train(learning, config)
        rosters.append(trained.policy.roster)
        offered = {OURS: (trained.out_of_fold, play(trained.policy, test))}
        for name, baseline in learn_baselines(learning, trained.policy.roster).items():
            offered[name] = baseline(learning), baseline(test)
        unit = float(offered[_BEST][1].cost.mean())
        for name, (learnt, tested) in offered.items():
            line = lines.setdefault(name, _empty(len(log.texts)))
            _read(line, learnt, tested, folds == fold, unit)
    return SeedResult(seed, _judge(lines, seed), tuple(rosters))


def _empty(queries: int) -> _Line:
    single = np.float32  # a thousand weightings of every query are summed below
    return _Line(np.full((queries, len(SHARES)), np.nan, single), np.zeros(queries, single), np.zeros(queries, single))


def _read(line: _Line, learning: Continuation, test: Continuation, rows: Flags, unit: float) -> None:
    line.quality[rows] = read_line(learning, test, SHARES * unit)
    dearest = int(learning.quality.mean(axis=0).argmax())
    line.dearest[rows] = test.quality[:, dearest]
    line.dearest_share[rows] = test.cost[:, dearest] / unit


def _judge(lines: Mapping[str, _Line], seed: int) -> dict[str, Judged]:
    queries = len(lines[_BEST].dearest)
    weights = query_weights(queries, _SAMPLES, seed) / np.float32(queries)
    means = {name: (weights @ line.quality).astype(np.float64) for name, line in lines.items()}
    best = means[_BEST][:, AT_BEST]
    ours = means[OURS][:, AT_BEST]
    return {
        name: Judged(
            dearest_quality=float(line.dearest.mean()),
            dearest_share=float(line.dearest_share.mean()),
            gain=interval(means[name][:, AT_BEST] - best),
            cost_share={points: interval(cost_share(means[name], best - points / 100.0)) for points in POINTS},
            ours_ahead=interval(ours - means[name][:, AT_BEST]),
        )
        for name, line in lines.items()
    }
