"""``stigmergy bench engine``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def engine(
    rounds: Annotated[int, typer.Option(min=2, help="How often every system is measured, in turns.")] = 15,
    tasks: Annotated[int, typer.Option(min=1, help="Tasks of a round, run one at a time.")] = 40,
    crowd: Annotated[int, typer.Option(min=1, help="Tasks that run at a time in rounds side by side.")] = 64,
    seed: Annotated[int, typer.Option(help="Orders the systems within rounds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """What the engine costs per step: five steps that do nothing, here, in LangGraph and in DBOS.

    In memory, with the journal on SQLite and on PostgreSQL; one task at a time, and many side by side.
    """
    with needs("dev"):
        from stigmergy.bench.engine.measure import Plan, measure
        from stigmergy.bench.engine.report import document, print_report
        from stigmergy.bench.engine.rounds import Load
    plan = Plan(rounds, Load(tasks), Load(2 * crowd, crowd), seed)
    with working("measuring"):
        measured = asyncio.run(measure(plan))
    if as_json:
        print_json(document(measured))
    else:
        print_report(stdout(), measured, table(f"Five steps that do nothing, {rounds} rounds: medians"))
