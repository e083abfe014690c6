"""The demo's table for a person, and its JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from rich.console import Console

from stigmergy.cli.demo.runs import RunReport
from stigmergy.cli.demo.script import TASKS, SeedReport
from stigmergy.cli.demo.verdict import fair_comparison, net, verdicts
from stigmergy.cli.output import arrows, table

_COLUMNS = (
    "run", "quality", "net", "mean cost", "p50 ms", "p95 ms", "rerouted", "demoted", "escalated", "refused", "lost",
    "silent", "LLM calls",
)  # fmt: skip
_WIDTH = 150


def print_report(console: Console, reports: Sequence[SeedReport]) -> None:
    """One row per run, means and sums over seeds, then what follows from them."""
    if console.width < _WIDTH:
        console = Console(width=_WIDTH, highlight=False)
    shown = table(
        f"{TASKS} tasks per run, {len(reports)} seed(s); net = quality - normalised cost; LLM calls of control"
    )
    for column in _COLUMNS:
        shown.add_column(column, justify="left" if column == "run" else "right", no_wrap=True)
    for name in reports[0].runs:
        runs = [report.runs[name] for report in reports]
        shown.add_row(name, *_cells(runs, fmean(net(report, name) for report in reports)))
    console.print(shown)
    fair = fair_comparison(reports)
    console.print(
        f"Best single path within half of the dearest path's cost: {arrows(fair.best_at_half_cost)}, "
        f"{fair.points_below_dearest:.1f} points below the dearest path. "
        f"The best of all single paths beats the dearest by {fair.dearest_behind_best:.1f} points."
    )
    for each in verdicts(reports):
        console.print(
            f"{each.run}: {each.points_below:.1f} points below the dearest path at {each.cost_share:.0%} of its cost; "
            f"net {each.net:.3f}, random {each.net_random:.3f}, Dijkstra {each.net_dijkstra:.3f}."
        )


def _cells(runs: Sequence[RunReport], net_value: float) -> tuple[str, ...]:
    return (
        f"{fmean(run.quality for run in runs):.3f}",
        f"{net_value:.3f}",
        f"${fmean(run.mean_cost_usd for run in runs):.6f}",
        f"{fmean(run.p50_ms for run in runs):.1f}",
        f"{fmean(run.p95_ms for run in runs):.1f}",
        *(
            str(sum(getattr(run, field) for run in runs))
            for field in ("reroutes", "demoted", "escalated", "refused", "lost", "silent", "control_llm_calls")
        ),
    )


def _figures(run: RunReport) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(run).items() if name != "episodes"}


def document(reports: Sequence[SeedReport]) -> Mapping[str, Any]:
    """``runs`` are those of the first seed; every seed's follow under ``seeds``, without their episodes."""
    first = reports[0]
    return {
        "runs": {name: asdict(run) for name, run in first.runs.items()},
        "seeds": [
            {"seed": report.seed, "runs": {name: _figures(run) for name, run in report.runs.items()}}
            for report in reports
        ],
        "verdicts": [asdict(each) for each in verdicts(reports)],
        "fair_comparison": asdict(fair_comparison(reports)),
    }
