"""``stigmergy bench colony``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.bench.colony.report import SweepReport
    from stigmergy.bench.colony.stress import Load, Stress
    from stigmergy.platform.learning.evaluation.bootstrap import Interval


def colony(
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Sweep the constants; else tasks in a row and at once.")
    ] = False,
    tasks: Annotated[int | None, typer.Option(min=18, help="Per set of tasks (300), or at once (1000).")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Of a sweep: learning runs per point.")] = 8,
    warm_up: Annotated[int, typer.Option(min=1, help="Episodes that the colony knows before tasks run at once.")] = 600,
    seed: Annotated[int, typer.Option(min=0, help="Draws the tasks that run at once.")] = 0,
    as_json: AsJson = False,
) -> None:
    """The ant colony on the workbench: many tasks at once beside the same in a row, or a sweep of its constants."""
    with needs("core"):
        from stigmergy.bench.colony.report import open_workbench, run_stress, run_sweep
    bench = open_workbench()
    with working("working tasks out") as status:
        if sweep:
            swept = run_sweep(bench, tasks or 300, seeds, status.update)
        else:
            stressed = asyncio.run(run_stress(bench, tasks or 1000, warm_up, seed, status.update))
    if as_json:
        print_json(swept.document() if sweep else stressed.document())
    elif sweep:
        _print_sweep(swept)
    else:
        _print_stress(stressed)


def _print_sweep(report: SweepReport) -> None:
    rows = table(f"One constant at a time: {report.tasks} tasks per set, {report.seeds} seeds")
    for heading in ("constant", "value"):
        rows.add_column(heading)
    for heading in ("chosen by", "quality", "cost", "utility", "against as configured (95 %)"):
        rows.add_column(heading, justify="right")
    for each in report.results:
        figures = (f"{each.choosing_utility:.3f}", *(f"{x.mean:.3f}" for x in (each.quality, each.cost, each.utility)))
        rows.add_row(each.point.constant, each.point.value, *figures, _between(each.versus))
    stdout().print(rows)
    best = report.chosen
    told = f"best on the tasks to choose by: {best.point.constant} {best.point.value}".rstrip()
    stdout().print(f"{told}; on fresh tasks against as configured {_between(best.versus)}")
    stdout().print(f"worked out in {report.working_s:.0f} s, swept in {report.sweeping_s:.0f} s")


def _print_stress(report: Stress) -> None:
    rows = table()
    for heading in ("", "tasks", "quality", "completed", "reroutes", "learnt from", "seconds"):
        rows.add_column(heading, justify="right" if heading else "left")
    for name, load in (("one after the other", report.sequential), ("all at once", report.concurrent)):
        rows.add_row(name, *map(str, _load_row(load)))
    stdout().print(rows)
    stdout().print(f"all at once against one after the other: {_between(report.difference)}")


def _load_row(load: Load) -> tuple[Any, ...]:
    told = load.document()
    figures = (load.completed, load.reroutes, load.learnt)
    return told["tasks"], f"{told['quality']:.3f}", *figures, f"{load.seconds:.1f}"


def _between(found: Interval) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
