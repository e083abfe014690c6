"""``stigmergy bench``: one module per bench, registered here."""

from __future__ import annotations

import typer

from stigmergy.cli.bench.chaos import chaos

app = typer.Typer(no_args_is_help=True, help="Measure the platform, on this machine.")
app.command()(chaos)


@app.callback()
def _group() -> None:
    """Measure the platform, on this machine."""
