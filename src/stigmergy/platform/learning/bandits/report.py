"""From what was played to what is published: one JSON-compatible document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.bandits.judging import Plan, Runs
from stigmergy.platform.learning.bandits.players import DESCRIPTIONS, REFERENCES
from stigmergy.platform.learning.bandits.playing import Played
from stigmergy.platform.learning.evaluation.versions import code_versions

Document = dict[str, Any]
_POINTS: Final = 60
_NORMAL: Final = 1.959964
"""Standard normal deviations that hold 95 %."""


def report(data: Mapping[str, Any], setting: Mapping[str, Any], plan: Plan, scenarios: Mapping[str, Runs]) -> Document:
    """The whole report; the same for the same data, code and seeds.

    ``scenarios.<scenario>.<player>`` holds mean reward per round, of all rounds and of the second half, regret per
    round, the paired differences of reward to the references, and the cumulative regret as a curve. Intervals are
    ``mean +- 1.96 standard deviations`` over seeds: each seed draws its queries with replacement, so that they tell of
    one stream of this length, the luck of its queries included.
    """
    return {
        "data": dict(data),
        "versions": dict(code_versions()),
        "setting": {**setting, "seeds": plan.seeds, "tuning": asdict(plan.tuning)},
        "scenarios": {
            scenario: {name: _player(name, runs[name], runs) for name in runs} for scenario, runs in scenarios.items()
        },
    }


def _player(name: str, mine: Sequence[Played], runs: Runs) -> Document:
    mean = _per_seed(mine)
    late = np.array([each.rewards[len(each.rewards) // 2 :].mean() for each in mine])
    return {
        "description": DESCRIPTIONS[name],
        "rounds": float(np.mean([len(each.rewards) for each in mine])),
        "reward": _figure(mean),
        "reward_second_half": _figure(late),
        "regret": _figure(np.array([each.regret.mean() for each in mine])),
        "versus": {other: _figure(mean - _per_seed(runs[other])) for other in REFERENCES},
        "curve": _curve(mine),
    }


def _per_seed(runs: Sequence[Played]) -> NDArray[np.float64]:
    return np.array([each.rewards.mean() for each in runs])


def _figure(values: NDArray[np.float64]) -> Document:
    mean, deviation = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return {"mean": mean, "low": mean - _NORMAL * deviation, "high": mean + _NORMAL * deviation}


def _curve(runs: Sequence[Played]) -> Document:
    """Cumulative regret, the mean over seeds, up to the end of the shortest."""
    length = min(len(each.regret) for each in runs)
    total = np.mean([np.cumsum(each.regret[:length]) for each in runs], axis=0)
    points = np.unique(np.linspace(1, length, min(_POINTS, length)).astype(int))
    return {"round": points.tolist(), "regret": total[points - 1].tolist()}
