"""``stigmergy bench gnn``."""

from __future__ import annotations

from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def gnn(
    queries: Annotated[int, typer.Option(min=100, help="Queries of the log that is trained on.")] = 10_000,
    agents: Annotated[int, typer.Option(min=2, help="Agents of that log.")] = 10,
    scored_agents: Annotated[int, typer.Option(min=2, help="Agents that one query is scored against.")] = 20,
    rounds: Annotated[int, typer.Option(min=10, help="Queries scored, one at a time.")] = 500,
    seed: Annotated[int, typer.Option(help="Draws the logs.")] = 0,
    as_json: AsJson = False,
) -> None:
    """How long the graph neural network trains, scores a query, and takes outcomes in."""
    with needs("gnn"):
        from stigmergy.bench.gnn.measure import measure
    with working("measuring") as status:
        report = measure(queries, agents, scored_agents, rounds, seed, told=status.update)
    if as_json:
        print_json(report.document())
        return
    rows = table("Graph neural network, processor time")
    for heading in ("", "p50", "p99"):
        rows.add_column(heading, justify="right" if heading else "left")
    rows.add_row(f"train on {queries:,} queries x {agents} agents, s", f"{report.train_s:.1f}", "")
    for name, figures in (
        (f"score a query against {scored_agents} agents, ms", report.score_ms),
        ("take 16 queries with outcomes in, ms", report.refresh_ms),
    ):
        rows.add_row(name, *(f"{value:.2f}" for value in figures.values()))
    stdout().print(rows)
