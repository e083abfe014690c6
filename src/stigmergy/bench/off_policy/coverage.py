"""How often an interval holds the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

import numpy as np

from stigmergy.bench.off_policy.worlds import Choices, Paths, World
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.learning.off_policy.estimating import Judgement, judge
from stigmergy.platform.learning.off_policy.estimators import ESTIMATORS

WORLDS: Final[tuple[World, ...]] = (Choices(), Paths())
_BOOTSTRAP: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of one world: how often each estimator's 95 % interval held the truth, its mean error and half-width.

    None where every log was refused.
    """

    episodes: int
    replications: int
    refused: int
    effective_sample_size: float
    truth: float
    held: dict[str, float | None]
    bias: dict[str, float | None]
    half_width: dict[str, float | None]


def cover(world: World, episodes: int, replications: int, seed: int) -> Coverage:
    """Draw ``replications`` logs of ``episodes`` each and estimate from every one of them."""
    truth = world.truth()
    found = [_judged(world, episodes, np.random.default_rng((seed, n)), n) for n in range(replications)]
    told = [each.values for each in found if not each.refused]
    intervals = {name: [values[name] for values in told] for name in ESTIMATORS}
    return Coverage(
        episodes=episodes,
        replications=replications,
        refused=replications - len(told),
        effective_sample_size=fmean(each.effective_sample_size for each in found),
        truth=truth,
        held=_means(intervals, lambda each: float(each.low <= truth <= each.high)),
        bias=_means(intervals, lambda each: each.mean - truth),
        half_width=_means(intervals, lambda each: (each.high - each.low) / 2),
    )


def _judged(world: World, episodes: int, rng: np.random.Generator, seed: int) -> Judgement:
    drawn = world.draw(episodes, rng)
    return judge(drawn.log, drawn.target, seed=seed, samples=_BOOTSTRAP)


def _means(intervals: Mapping[str, Sequence[Interval]], figure: Callable[[Interval], float]) -> dict[str, float | None]:
    return {name: fmean(map(figure, each)) if each else None for name, each in intervals.items()}


def report(episodes: int, replications: int, seed: int, told: Callable[[str], object]) -> dict[str, Any]:
    """Every world; a JSON-compatible document. ``told`` hears how far it is."""
    worlds = {}
    for world in WORLDS:
        told(f"drawing {replications} logs of {world.name}")
        found = cover(world, episodes, replications, seed)
        worlds[world.name] = {name: getattr(found, name) for name in Coverage.__slots__}
    return {"worlds": worlds, "seed": seed, "versions": dict(code_versions())}
