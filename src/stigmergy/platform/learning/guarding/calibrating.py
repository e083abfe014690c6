"""Which signals are weighed, how they make a probability, and above which one a query is rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.routers.guard.calibration import Calibration, Signal

_CHOICES: Final = ((Signal.DOUBT,), (Signal.REMOTENESS,), (Signal.DOUBT, Signal.REMOTENESS))
_THRESHOLDS: Final = np.linspace(0.01, 0.99, 99)
_STEPS: Final = 30
_RIDGE: Final = 1e-4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One query as a guard sees it: ``strange`` ones should be rejected, the others go to the ``right`` agent or not.

    Samples of one ``group`` are never judged by what was learnt from it.
    """

    signals: Mapping[Signal, float]
    strange: bool
    right: bool
    group: int = 0


def calibrate(samples: Sequence[Sample]) -> tuple[Calibration, float]:
    """The signals whose score is best when every group is judged by the others, fitted on all; and the threshold.

    Raises:
        InvalidLog: a group has no strange or no known queries.
    """
    table = _Table.of(samples)
    if not all(0.0 < table.strange[table.group == group].mean() < 1.0 for group in np.unique(table.group)):
        raise InvalidLog(
            "the val split", "it is too small to tell known queries from those to reject; add some of both"
        )
    chosen = max(_CHOICES, key=lambda signals: _cross_score(table, signals))
    calibration = _fit(table, chosen)
    return calibration, _threshold(table, calibration)


def guard_score(known_served: float, strange_rejected: float) -> float:
    """``2 a b / (a + b)`` of the share of known queries served rightly and the share of strange ones rejected."""
    total = known_served + strange_rejected
    return 2.0 * known_served * strange_rejected / total if total else 0.0


@dataclass(frozen=True, slots=True)
class _Table:
    """Samples as columns."""

    signals: Mapping[Signal, Floats]
    strange: NDArray[np.bool_]
    right: NDArray[np.bool_]
    group: NDArray[np.intp]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> _Table:
        return cls(
            {signal: np.array([sample.signals[signal] for sample in samples]) for signal in Signal},
            np.array([sample.strange for sample in samples]),
            np.array([sample.right for sample in samples]),
            np.array([sample.group for sample in samples]),
        )

    def take(self, rows: NDArray[np.bool_]) -> _Table:
        signals = {signal: values[rows] for signal, values in self.signals.items()}
        return _Table(signals, self.strange[rows], self.right[rows], self.group[rows])

    def probabilities(self, calibration: Calibration) -> Floats:
        total = sum((slope * self.signals[signal] for signal, slope in calibration.slopes.items()), start=np.zeros(1))
        return _sigmoid(total + calibration.offset)

    def score(self, calibration: Calibration, threshold: float) -> float:
        rejected = self.probabilities(calibration) > threshold
        served = (self.right & ~rejected)[~self.strange]
        return guard_score(float(served.mean()), float(rejected[self.strange].mean()))


def _cross_score(table: _Table, signals: tuple[Signal, ...]) -> float:
    scores = []
    for group in np.unique(table.group):
        rest, part = table.take(table.group != group), table.take(table.group == group)
        calibration = _fit(rest, signals)
        scores.append(part.score(calibration, _threshold(rest, calibration)))
    return float(np.mean(scores))


def _threshold(table: _Table, calibration: Calibration) -> float:
    return float(max(_THRESHOLDS, key=lambda threshold: table.score(calibration, threshold)))


def _fit(table: _Table, signals: tuple[Signal, ...]) -> Calibration:
    """Logistic regression by Newton's method on standardised signals; strange and known weigh alike in sum."""
    values = np.stack([table.signals[signal] for signal in signals], axis=1)
    middle, spread = values.mean(axis=0), values.std(axis=0) + _RIDGE
    inputs = np.hstack(((values - middle) / spread, np.ones((len(values), 1))))
    strange = table.strange
    shares = np.where(strange, 0.5 / strange.sum(), 0.5 / (~strange).sum())
    found = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        chances = _sigmoid(inputs @ found)
        slope = inputs.T @ (shares * (chances - strange)) + _RIDGE * found
        bend = (inputs.T * (shares * chances * (1.0 - chances))) @ inputs + _RIDGE * np.eye(len(found))
        found = found - np.linalg.solve(bend, slope)
    slopes = found[:-1] / spread
    return Calibration(dict(zip(signals, slopes.tolist(), strict=True)), float(found[-1] - slopes @ middle))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500.0, 500.0))), dtype=np.float64)
