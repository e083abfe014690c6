"""``stigmergy bench healing``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, seconds, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.bench.healing.comparison import Judged
    from stigmergy.bench.healing.report import HealingReport


def healing(as_json: AsJson = False) -> None:
    """Break agents, and see who says so: this engine beside a ReAct loop and a static workflow in LangGraph.

    19 published scenarios, each with failures known beforehand and met on the way; then every set of failures of each
    topology through this engine, against an oracle that tries every way. Exit status 1: a promise was not kept.
    """
    with needs("dev"):
        from stigmergy.bench.healing.report import run_healing
    with working("breaking agents"):
        report = asyncio.run(run_healing())
    if as_json:
        print_json(report.document())
    else:
        print_report(report)
    if not report.kept:
        raise typer.Exit(1)


def print_report(report: HealingReport) -> None:
    """The scenarios, the systems and the sets of failures as tables."""
    console = stdout()
    for part in (_scenarios(report), _systems(report), _exhaustive(report)):
        console.print(part)
        console.print()
    lost = report.lost_replies
    console.print(
        f"Replies lost after the work was done, {lost.runs} runs: {lost.silent} silent, "
        f"{lost.duplicates} duplicated side effects; {lost.completed} of {lost.mendable} completed "
        "where one reply was lost of agents that may be asked again."
    )


def _scenarios(report: HealingReport) -> Table:
    rows = table("Scenarios: outcomes with failures known beforehand / met on the way (red: not the right one)")
    for heading in ("topology", "scenario", "right", *report.systems):
        rows.add_column(heading, overflow="fold")
    by_scenario: dict[tuple[str, str], list[Judged]] = {}
    for each in report.judged:
        by_scenario.setdefault((each.scenario.topology, each.scenario.name), []).append(each)
    for (topology, name), found in by_scenario.items():
        told = (_outcomes([each for each in found if each.system == system]) for system in report.systems)
        rows.add_row(topology, name, str(found[0].scenario.right), *told)
    return rows


def _outcomes(modes: list[Judged]) -> Text:
    parts = []
    for each in modes:
        status = "silent" if each.outcome.silent else str(each.outcome.status)
        parts.append(Text(status, style="" if each.outcome.right else "red"))
    return parts[0] if len({part.plain for part in parts}) == 1 else Text(" / ").join(parts)


def _systems(report: HealingReport) -> Table:
    rows = table("Systems")
    rows.add_column("system")
    rows.add_column("failures")
    headings = ("right", "completed", "demoted", "escalated", "silent", "LLM calls", "tool calls", "duplicates")
    for heading in (*headings, "left behind", "recovery"):
        rows.add_column(heading, justify="right")
    for name, modes in report.systems.items():
        for mode, row in modes.items():
            counts = (row.right, row.completed, row.demoted, row.escalated, row.silent, row.llm_calls, row.tool_calls)
            recovery = None if row.recovery_ms is None else row.recovery_ms / 1000
            told = map(str, (*counts, row.duplicates, row.stranded))
            rows.add_row(name, str(mode), *told, seconds(recovery))
    return rows


def _exhaustive(report: HealingReport) -> Table:
    rows = table("Every set of failures, known and met, through this engine")
    for heading in ("runs", "feasible", "completed", "infeasible", "explained", "silent", "duplicates"):
        rows.add_column(heading, justify="right")
    found = report.exhaustive
    counts = (found.runs, found.feasible, found.completed, found.infeasible, found.explained)
    rows.add_row(*map(str, (*counts, found.silent, found.duplicates)))
    return rows
