"""The bench's table for a person, and its JSON document."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from stigmergy.bench.engine.measure import Measured, ratios
from stigmergy.bench.engine.rounds import Ratio, Timings
from stigmergy.bench.engine.system import STEPS

_PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite", "dbos", "sqlalchemy", "psycopg")


def document(measured: Measured) -> dict[str, Any]:
    """Medians over the rounds in ms per step, ratios with their 95 % intervals, and what they were measured with."""
    plan = measured.plan
    return {
        "steps": STEPS,
        "per_step_ms": _medians(measured.alone, "wall_ms"),
        "per_step_cpu_ms": _medians(measured.alone, "cpu_ms"),
        "ratios": _shares(ratios(measured.alone, plan.seed)),
        "side_by_side": {
            "at_a_time": plan.crowd.side_by_side,
            "per_step_ms": _medians(measured.crowd, "wall_ms"),
            "per_step_cpu_ms": _medians(measured.crowd, "cpu_ms"),
            "ratios": _shares(ratios(measured.crowd, plan.seed)),
        },
        "settings": measured.settings,
        "plan": asdict(plan),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }


def print_report(console: Console, measured: Measured, table: Table) -> None:
    """One row per system, then the shares that the platform's figures are of the others'."""
    crowd = measured.plan.crowd.side_by_side
    for column in ("system", "ms a step", "CPU", f"{crowd} at a time", "CPU", "what is kept"):
        table.add_column(column, justify="left" if column in ("system", "what is kept") else "right")
    for name, settings in measured.settings.items():
        rounds = (measured.alone[name], measured.crowd[name])
        figures = (f"{median(getattr(r, kind) for r in each):.3f}" for each in rounds for kind in ("wall_ms", "cpu_ms"))
        table.add_row(name, *figures, settings["durability"])
    console.print(table)
    for timings, how in ((measured.alone, "one at a time"), (measured.crowd, f"{crowd} at a time")):
        for pair, share in ratios(timings, measured.plan.seed).items():
            console.print(f"{how}: {pair} = {share.median:.2f} (95 %: {share.low:.2f} to {share.high:.2f})")


def _medians(timings: Timings, kind: str) -> dict[str, float]:
    return {name: median(getattr(each, kind) for each in rounds) for name, rounds in timings.items()}


def _shares(found: Mapping[str, Ratio]) -> dict[str, Any]:
    return {pair: asdict(share) for pair, share in found.items()}
