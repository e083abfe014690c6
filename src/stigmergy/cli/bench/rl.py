"""``stigmergy bench rl``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def rl(
    queries: Annotated[int, typer.Option(min=1_000, help="Of the made-up log; each makes some 29 rows.")] = 5_000,
    epochs: Annotated[int, typer.Option(min=1, help="Timed passes over the rows.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Rows and environment steps a second in training, beside RLlib's defaults and a plain torch loop.

    Ends with status 1 where a bar does not hold.
    """
    with needs("train"):
        from stigmergy.bench.training.report import report
    # Ray prints warnings of its own where the document is to stand alone.
    with working("measuring") as status, redirect_stdout(sys.stderr):
        document = report(queries, epochs, told=status.update)
    if as_json:
        print_json(document)
    else:
        _print(document)
    raise typer.Exit(0 if document["bars_hold"] else 1)


def _print(document: Mapping[str, Any]) -> None:
    rows = table("Training")
    rows.add_column("")
    rows.add_column("by")
    rows.add_column("a second", justify="right")
    for name, key in (("logged transitions", "transitions_per_s"), ("environment steps", "env_steps_per_s")):
        for way, pace in document[key].items():
            rows.add_row(name, way.replace("_", " "), f"{pace:,.0f}")
    stdout().print(rows)
    for name, ratio in document["ratios"].items():
        stdout().print(f"{name.replace('_', ' ')}: {ratio:.2f} (bar {document['bars'][name]:g})")
