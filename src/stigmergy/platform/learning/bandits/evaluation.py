"""A file in, a report out: what ``stigmergy evaluate bandit`` does."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from stigmergy.platform.learning.bandits.choice_log import read_choice_log
from stigmergy.platform.learning.bandits.judging import Plan, Progress, replay_log, simulate
from stigmergy.platform.learning.bandits.report import Document, report
from stigmergy.platform.learning.bandits.world import make_world
from stigmergy.platform.learning.evaluation.arm_selection import Selected
from stigmergy.routers.bandit.context import ContextShape

REPLAYED: Final = "replay"
"""The scenario of a log of uniform choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Streams of ``rounds`` queries of a split; contexts and rewards as a router of the same figures has them."""

    shape: ContextShape
    cost_weight: float
    split: str
    rounds: int


def evaluate_table(selected: Selected, simulation: Simulation, plan: Plan, told: Progress) -> Document:
    """Simulate on logged outcomes that are complete on their arms."""
    table = selected.table
    world = make_world(table, simulation.shape, simulation.cost_weight)
    runs = simulate(world, table, simulation.split, simulation.rounds, plan, told)
    data = {
        "path": list(table.files),
        "sha256": list(table.files.values()),
        "arms": dict(zip(world.arms, world.standing.tolist(), strict=True)),
        "arms_left_out": dict(selected.left_out),
        "queries": int(table.rows_of(simulation.split).sum()),
        "span_usd": world.span_usd,
    }
    return report(data, {"kind": "simulation", **asdict(simulation)}, plan, runs)


def evaluate_log(log: Path, queries: Path, shape: ContextShape, plan: Plan, told: Progress) -> Document:
    """Replay a log of uniform choices without bias.

    Raises:
        InvalidLog: says what of which file cannot be used.
    """
    found = read_choice_log(log, queries, shape)
    data = {
        "path": list(found.files),
        "sha256": list(found.files.values()),
        "arms": dict(zip(found.uniform.arms, found.standing.tolist(), strict=True)),
        "queries": found.queries,
        "rows": found.rows,
        "uniform_rows": len(found.uniform.arm),
    }
    return report(data, {"kind": REPLAYED, "shape": asdict(shape)}, plan, {REPLAYED: replay_log(found, plan, told)})
