"""One constant of the colony at a time, away from how the workbench configures it: what it does to what is learnt.

Every point learns on the same tasks, in an order and with draws of each seed, is chosen by on others, and is reported
on a third set that decides nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from stigmergy.bench.colony.replay import ColonyReplay, Figures, Judged
from stigmergy.bench.colony.worked_tasks import WorkedTask
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.colony.warm_up import fresh_colony
from stigmergy.platform.learning.evaluation.bootstrap import Interval, interval
from stigmergy.routers.catalog import build_selection
from stigmergy.routers.configs import AntColonyConfig

AS_CONFIGURED: Final = "as configured"
_VALUES: Final[Mapping[str, Sequence[float]]] = {
    "alpha": (0.0, 0.4, 1.2, 1.6, 2.4),
    "beta": (0.0, 4.0, 8.0, 12.0, 24.0, 32.0),
    "rho": (0.0, 0.01, 0.05, 0.1, 0.2),
    "forgetting": (0.0, 0.05, 0.2, 0.4),
    "step_size": (0.0, 0.1, 0.25, 1.0, 2.0),
}
_BOUNDS: Final = ((0.5, 2.0), (0.2, 5.0), (0.1, 10.0), (0.01, 100.0))
_JUDGED: Final = (0.05, 0.1, 0.2, 0.5)
_SAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """One constant with one value; all others as configured."""

    constant: str
    value: str
    config: AntColonyConfig
    judged_fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSets:
    """Tasks to learn on, to choose by, and to report on."""

    learning: Sequence[WorkedTask]
    choosing: Sequence[WorkedTask]
    fresh: Sequence[WorkedTask]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """Means over seeds and tasks; ``versus``: the utility on fresh tasks, less that of the first point."""

    point: Point
    choosing_utility: float
    quality: Interval
    cost: Interval
    utility: Interval
    versus: Interval

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        figures = {name: _document(getattr(self, name)) for name in ("quality", "cost", "utility", "versus")}
        return {
            "constant": self.point.constant,
            "value": self.point.value,
            "choosing": {"utility": self.choosing_utility},
            "fresh": figures,
        }


def points_round(config: AntColonyConfig) -> Iterator[Point]:
    """The colony as configured, then every point of the sweep."""
    yield Point(AS_CONFIGURED, "", config)
    for name, values in _VALUES.items():
        for value in values:
            changed: dict[str, Any] = {name: value}
            if value != getattr(config, name):
                yield Point(name, f"{value:g}", replace(config, **changed))
    for low, high in _BOUNDS:
        yield Point("bounds", f"{low:g}-{high:g}", replace(config, trail_low=low, trail_high=high))
    for share in _JUDGED:
        yield Point("judged", f"{share:g}", config, share)
    yield Point("rule", "amro", replace(config, rule="amro"))


def sweep(
    graph: AgentGraph,
    points: Sequence[Point],
    tasks: TaskSets,
    tick_episodes: int,
    seeds: int,
    told: Callable[[str], object],
) -> tuple[PointResult, ...]:
    """Measure every point against the first, whose worth of cost counts for all; ``told`` hears which one."""
    replay, results, base = ColonyReplay(graph), list[PointResult](), np.zeros(0)
    cost_weight = points[0].config.cost_weight
    for point in points:
        told(f"{point.constant} {point.value}")
        runs = [_run(replay, graph, point, tasks, tick_episodes, seed) for seed in range(seeds)]
        choosing, fresh = (_stack([run[place] for run in runs]) for place in (0, 1))
        utility = fresh.quality - cost_weight * fresh.cost
        base = base if results else utility
        results.append(
            PointResult(
                point=point,
                choosing_utility=float(np.mean(choosing.quality - cost_weight * choosing.cost)),
                quality=resampled(fresh.quality),
                cost=resampled(fresh.cost),
                utility=resampled(utility),
                versus=resampled(utility - base),
            )
        )
    return tuple(results)


def best_of(results: Sequence[PointResult]) -> PointResult:
    """The point with the greatest utility on the tasks to choose by, among those that judge every episode."""
    return max((each for each in results if each.point.judged_fraction == 1.0), key=lambda each: each.choosing_utility)


def resampled(values: Figures) -> Interval:
    """The mean of values of shape (seeds, tasks), with a bootstrap that draws seeds and, independently, tasks."""
    rng = np.random.default_rng(0)
    seeds, tasks = values.shape
    drawn = (
        values[rng.integers(seeds, size=seeds)][:, rng.integers(tasks, size=tasks)].mean() for _ in range(_SAMPLES)
    )
    found = interval(np.array([values.mean(), *drawn]))
    if found is None:
        raise ValueError("a value is not finite")
    return found


def _run(
    replay: ColonyReplay, graph: AgentGraph, point: Point, tasks: TaskSets, tick_episodes: int, seed: int
) -> tuple[Judged, Judged]:
    rng, router = random.Random(seed), fresh_colony(point.config, graph)
    order = rng.sample(tasks.learning, len(tasks.learning))
    selection = build_selection(point.config.selection)
    replay.teach(router, order, selection, point.judged_fraction, tick_episodes, rng)
    return replay.judge(router, tasks.choosing), replay.judge(router, tasks.fresh)


def _stack(runs: Sequence[Judged]) -> Judged:
    return Judged(np.stack([run.quality for run in runs]), np.stack([run.cost for run in runs]))


def _document(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high}
