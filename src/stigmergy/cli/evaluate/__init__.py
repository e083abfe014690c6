"""``stigmergy evaluate``: routers judged by what is logged."""

from __future__ import annotations

import typer

from stigmergy.cli.evaluate.evidence import evidence
from stigmergy.cli.evaluate.guard import guard
from stigmergy.cli.evaluate.pooled import pooled
from stigmergy.cli.evaluate.replay import replay

app = typer.Typer(no_args_is_help=True, help="Judge routers by logged outcomes.")
app.command("replay")(replay)
app.command("pooled")(pooled)
app.command("evidence")(evidence)
app.command("guard")(guard)
