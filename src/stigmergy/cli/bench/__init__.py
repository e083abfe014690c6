"""``stigmergy bench``: one module per bench, registered here."""

from __future__ import annotations

import typer

from stigmergy.cli.bench.healing import healing

app = typer.Typer(no_args_is_help=True, help="Measure the platform beside its peers, on this machine.")
app.command()(healing)
