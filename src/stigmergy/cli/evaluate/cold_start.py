"""``stigmergy evaluate cold-start``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import stdout, table, working


def cold_start(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet of logged outcomes, with splits.")],
    held_out: Annotated[int, typer.Option(min=1, help="How many arms are new; drawn for each seed.")] = 3,
    probes: Annotated[int, typer.Option(min=0, help="On how many queries each new arm was tried.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, max=200, help="Draws of new arms and probes, each of five folds.")] = 20,
    exclude_arm: Annotated[list[str] | None, typer.Option(help="Leave this arm out, repeatable.")] = None,
    bootstrap: Annotated[int, typer.Option(min=20, max=10_000, help="Samples behind each interval.")] = 500,
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
    html_out: Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Where the HTML report goes.")] = None,
) -> None:
    """Agents that training never saw, known from a few probes: the GNN against nearest neighbours and others."""
    with needs("evaluate"), needs("gnn"):
        from stigmergy.platform.learning.cold_start.evaluation import ColdStart, Plan
        from stigmergy.platform.learning.cold_start.page import html
        from stigmergy.platform.learning.cold_start.report import report
        from stigmergy.platform.learning.evaluation.arm_selection import select_arms
        from stigmergy.platform.learning.evaluation.embedding import embed_queries
        from stigmergy.platform.learning.evaluation.log_reading import read_file
        from stigmergy.platform.learning.evaluation.outcome_table import tabulate
        from stigmergy.platform.learning.evaluation.versions import code_versions
    plan = Plan(held_out=held_out, probes=probes, seeds=seeds, samples=bootstrap)
    with working("reading the log") as status:
        selected = select_arms(tabulate(read_file(data)), tuple(exclude_arm or ()))
        trial = ColdStart(selected, embed_queries(selected.table), plan)
        found = trial.run(lambda what: status.update(f"meeting new arms: {what}"))
    document = report(selected, found, plan, code_versions())
    if json_out is not None:
        json_out.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    if html_out is not None:
        html_out.write_text(html(document), encoding="utf-8")
    _print(document)


def _print(document: dict[str, Any]) -> None:
    plan, data = document["plan"], document["data"]
    rows = table(
        f"{data['queries']} queries; {plan['held_out']} of {len(data['arms'])} arms new, {plan['probes']} probes each, "
        f"{plan['seeds']} draws"
    )
    for heading in ("router", "gap closed", "95 % interval", "less nearest", "95 % interval", "less its shrunken form"):
        rows.add_column(heading, justify="left" if heading == "router" else "right", no_wrap=True)
    for name, each in document["routers"].items():
        gap, less, shrunken = each["gap_closed"], each["versus"]["nearest"], each["versus"]["nearest_shrunken"]
        rows.add_row(name, *_cells(gap, "mean"), *_cells(less, "diff"), _cells(shrunken, "diff")[0])
    stdout().print(rows)


def _cells(figure: dict[str, float] | None, middle: str) -> tuple[str, str]:
    if figure is None:
        return "-", "-"
    return f"{figure[middle]:+.3f}", f"{figure['low']:+.3f} .. {figure['high']:+.3f}"
