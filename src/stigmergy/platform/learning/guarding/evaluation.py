"""Every suite of a log: a guard trained on it, and judged on its test split once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.learning.guarding.guard_log import GuardLog
from stigmergy.platform.learning.guarding.judging import judge
from stigmergy.platform.learning.guarding.training import TrainingConfig, train


def evaluate(
    log: GuardLog, suites: Sequence[str], config: TrainingConfig, seed: int, told: Callable[[str], object]
) -> dict[str, Any]:
    """A JSON-compatible report; ``suites`` empty: all that have train, val and test. ``told`` hears how far it is.

    Raises:
        InvalidLog: a suite is not there, or cannot be trained on or judged.
    """
    chosen = tuple(suites) or log.trainable()
    if not chosen:
        raise InvalidLog(", ".join(log.files), "no suite has rows of all three splits train, val and test")
    return {
        "suites": {name: _suite(log, name, config, seed, told) for name in chosen},
        "not_judged": sorted(log.suites.keys() - set(log.trainable())),
        "data": dict(log.files),
        "config": asdict(config),
        "seed": seed,
        "versions": dict(code_versions()),
    }


def _suite(
    log: GuardLog, name: str, config: TrainingConfig, seed: int, told: Callable[[str], object]
) -> dict[str, Any]:
    splits = log.suite(name)
    if "test" not in splits:
        raise InvalidLog(", ".join(log.files), f"its suite {name!r} has no rows of the split test")
    told(f"training on {name}")
    guard = train(splits, config)
    told(f"judging on {name}")
    judged = asdict(judge(guard, splits["test"], seed))
    trained = {"threshold": guard.threshold, "calibration": guard.calibration.to_dict()}
    return {**judged, "guard": {**trained, "terms": len(guard.vocabulary), "labels": len(guard.labels.bias)}}
