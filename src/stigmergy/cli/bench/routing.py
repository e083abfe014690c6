"""``stigmergy bench routing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def routing(
    agents: Annotated[list[int] | None, typer.Option(min=10, help="A size of graph, repeatable.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each figure is taken; the median counts.")] = 21,
    seed: Annotated[int, typer.Option(help="Draws graphs, conditions and failures.")] = 0,
    as_json: AsJson = False,
) -> None:
    """What a hop costs with each router, and a reroute beside Dijkstra of networkx and of SciPy."""
    with needs("dev"):
        import scipy  # noqa: F401 - asked for here, so that its absence is told before the work

        from stigmergy.bench.routing.report import SIZES, measure
    with working("measuring") as status:
        report = measure(agents or SIZES, rounds, seed, told=status.update)
    if as_json:
        print_json(report.document())
        return
    _print(f"Mask, score and choose: microseconds of processor time per hop, medians of {rounds}", report.hop_us)
    _print(
        f"Reroute round one agent in a hundred: milliseconds of processor time, medians of {rounds}", report.reroute_ms
    )


def _print(title: str, figures: Mapping[str, Mapping[int, float]]) -> None:
    rows = table(title)
    rows.add_column("")
    for agents in next(iter(figures.values())):
        rows.add_column(f"{agents:,} agents", justify="right")
    for name, row in figures.items():
        rows.add_row(name, *(f"{value:,.2f}" for value in row.values()))
    stdout().print(rows)
