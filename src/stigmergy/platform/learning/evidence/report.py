"""The evaluation of an evidence router as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import fmean
from typing import Any

from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.evidence.answer_log import AnswerLog
from stigmergy.platform.learning.evidence.evaluation import Judged, SeedResult
from stigmergy.platform.learning.evidence.origin import code_fingerprint
from stigmergy.platform.learning.evidence.training_config import TrainingConfig

_PACKAGES = ("numpy", "pyarrow")


def to_document(log: AnswerLog, config: TrainingConfig, results: Sequence[SeedResult]) -> Mapping[str, Any]:
    """``methods.<name>`` holds means over seeds, ``seeds`` every figure of each, with data, code and versions.

    A bound of an interval that does not exist (a share never reached in that many samples) is null.
    """
    return {
        "data": {"files": dict(log.files), "queries": len(log.texts), "agents": list(log.agents)},
        "code": code_fingerprint(),
        "versions": {name: version(name) for name in _PACKAGES},
        "config": asdict(config),
        "methods": {name: over_seeds([result.methods[name] for result in results]) for name in results[0].methods},
        "seeds": [
            {
                "seed": result.seed,
                "rosters": [list(roster) for roster in result.rosters],
                "methods": {name: over_seeds([judged]) for name, judged in result.methods.items()},
            }
            for result in results
        ],
    }


def over_seeds(judged: Sequence[Judged]) -> Mapping[str, Any]:
    """Means over seeds of every figure; None where one seed has none."""
    return {
        "dearest": {
            "quality": fmean(each.dearest_quality for each in judged),
            "cost_share": fmean(each.dearest_share for each in judged),
        },
        "gain_at_best_single_cost": _mean([each.gain for each in judged]),
        "cost_share": {
            f"{points:g}": _mean([each.cost_share[points] for each in judged]) for points in judged[0].cost_share
        },
        "evidence_ahead": _mean([each.ours_ahead for each in judged]),
    }


def _mean(intervals: Sequence[Interval | None]) -> Mapping[str, float | None] | None:
    there = [each for each in intervals if each is not None]
    if len(there) < len(intervals):
        return None
    return _finite(Interval(*(fmean(getattr(each, part) for each in there) for part in ("mean", "low", "high"))))


def _finite(interval: Interval | None) -> Mapping[str, float | None] | None:
    if interval is None:
        return None
    return {name: value if math.isfinite(value) else None for name, value in asdict(interval).items()}
