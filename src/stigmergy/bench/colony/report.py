"""The bench of the colony in one document."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.bench.colony.replay import ColonyReplay
from stigmergy.bench.colony.stress import Stress, stress
from stigmergy.bench.colony.sweep import PointResult, TaskSets, best_of, points_round, sweep
from stigmergy.bench.colony.worked_tasks import WorkedTask, work_out
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.pheromones import Trails
from stigmergy.platform.learning.colony.warm_up import fresh_colony
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.runtime import feature_reader
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.catalog import build_selection
from stigmergy.routers.configs import AntColonyConfig
from stigmergy.routers.selection import Selection

LEARNS: Final = "ant_colony"
USES: Final = "ant_colony_greedy"
_SEEDS: Final = {"learning": 410_001, "choosing": 410_002, "fresh": 410_003, "stress": 410_004}
"""Of the generator of tasks; no seed of the demo or of the classifier's examples is among them."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """The embedded configuration, its graph, and the colony that learns on it."""

    settings: Settings
    graph: AgentGraph
    colony: AntColonyConfig

    @property
    def selection(self) -> Selection:
        """How the colony explores."""
        return build_selection(self.colony.selection)

    def worked(self, name: str, count: int, told: Callable[[str], object]) -> tuple[WorkedTask, ...]:
        """Tasks of one of the sets, worked out."""
        tasks = generate_tasks(_SEEDS[name], count)
        reader = feature_reader(self.settings.learning)
        return work_out(self.graph, tasks, reader, lambda done: told(f"{name} tasks: {done} of {count} worked out"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """Every point of the sweep, the colony as configured first, and which is chosen on tasks of their own."""

    results: Sequence[PointResult]
    tasks: int
    seeds: int
    working_s: float
    sweeping_s: float

    @property
    def chosen(self) -> PointResult:
        """The best on the tasks to choose by."""
        return best_of(self.results)

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return {
            "points": [each.document() for each in self.results],
            "chosen": self.chosen.document(),
            "tasks_per_set": self.tasks,
            "seeds": self.seeds,
            "seconds": {"working_out": self.working_s, "sweeping": self.sweeping_s},
            "versions": dict(code_versions()),
        }


def open_workbench() -> Workbench:
    """The embedded workbench."""
    settings = load_settings(WORKBENCH, {})
    colony = settings.routers[LEARNS]
    if not isinstance(colony, AntColonyConfig):
        raise TypeError(f"the workbench's {LEARNS} is configured as {colony.kind}")
    return Workbench(settings, settings.build_graphs()[settings.main_graph], colony)


def run_sweep(bench: Workbench, tasks: int, seeds: int, told: Callable[[str], object]) -> SweepReport:
    """Work out three sets of ``tasks`` tasks and sweep over them; ``told`` hears how far it is."""
    began = time.monotonic()
    learning, choosing, fresh = (bench.worked(name, tasks, told) for name in ("learning", "choosing", "fresh"))
    worked = time.monotonic()
    sets = TaskSets(learning=learning, choosing=choosing, fresh=fresh)
    ticks = bench.settings.coordination.tick_episodes
    results = sweep(bench.graph, tuple(points_round(bench.colony)), sets, ticks, seeds, told)
    return SweepReport(
        results=results,
        tasks=tasks,
        seeds=seeds,
        working_s=worked - began,
        sweeping_s=time.monotonic() - worked,
    )


async def run_stress(bench: Workbench, tasks: int, warm_up: int, seed: int, told: Callable[[str], object]) -> Stress:
    """Warm a colony up by replay, then run ``tasks`` tasks in a row and at once through the engine."""
    trails = warmed_up(bench, bench.worked("learning", warm_up, told), seed)
    told(f"{tasks} tasks, one after the other and at once")
    return await stress(bench.settings, USES, generate_tasks(_SEEDS["stress"] + seed, tasks), trails, seed)


def warmed_up(bench: Workbench, tasks: Sequence[WorkedTask], seed: int) -> Trails:
    """The trails of a colony that has explored these tasks."""
    router = fresh_colony(bench.colony, bench.graph)
    ticks = bench.settings.coordination.tick_episodes
    ColonyReplay(bench.graph).teach(router, tasks, bench.selection, 1.0, ticks, random.Random(seed))
    return router.trails
