"""``stigmergy evaluate``: routers judged by what is logged."""

from __future__ import annotations

import typer

from stigmergy.cli.evaluate.evidence import evidence

app = typer.Typer(no_args_is_help=True, help="Judge routers by logged outcomes.")
app.command("evidence")(evidence)


@app.callback()
def _group() -> None:
    # A group of one command is still a group: without a callback typer would make the command of it.
    """Judge routers by logged outcomes."""
