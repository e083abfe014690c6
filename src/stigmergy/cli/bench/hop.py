"""``stigmergy bench hop``."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def hop(
    runs: Annotated[int, typer.Option(min=64, help="Runs of a round.")] = 640,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, of which the cheapest is shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What the platform costs for one hop: processor time of a chat completion without its door and its model.

    A colony between two models whose answers cost nothing, episodes on SQLite; one run at a time, and 64 side by side.
    """
    with needs("dev"):
        from stigmergy.bench.engine.one_hop import one_hop_costs
    with working("measuring"):
        measured = asyncio.run(one_hop_costs(runs, rounds))
    if as_json:
        print_json({"rows": [{**asdict(each), "engine_ms": each.engine_ms} for each in measured]})
        return
    rows = table(f"One direct run of one hop, {rounds} rounds of {runs}: processor time in ms, the cheapest round")
    for column in ("side by side", "run", "its event loop", "agent alone", "platform"):
        rows.add_column(column, justify="right")
    for each in measured:
        figures = (each.run.all_ms, each.run.loop_ms, each.agent.all_ms, each.engine_ms)
        rows.add_row(str(each.side_by_side), *(f"{figure:.3f}" for figure in figures))
    stdout().print(rows)
