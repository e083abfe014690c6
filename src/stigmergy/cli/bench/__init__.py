"""``stigmergy bench``: one module per bench, every one registered here."""

from __future__ import annotations

import typer

from stigmergy.cli.bench.healing import healing

app = typer.Typer(no_args_is_help=True, help="What is promised, measured beside others in one run.")
app.command("healing")(healing)


@app.callback()
def benches() -> None:
    """What is promised, measured beside others in one run."""
