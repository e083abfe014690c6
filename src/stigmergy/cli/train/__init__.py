"""``stigmergy train``: from logs to versioned artifacts."""

from __future__ import annotations

import typer

from stigmergy.cli.train.evidence import evidence
from stigmergy.cli.train.gnn import gnn

app = typer.Typer(no_args_is_help=True, help="Train routers on logged outcomes.")
app.command("evidence")(evidence)
app.command("gnn")(gnn)


@app.callback()
def _group() -> None:
    # A group of one command is still a group: without a callback typer would make the command of it.
    """Train routers on logged outcomes."""
