"""``stigmergy evaluate``: routers judged by what is logged."""

from __future__ import annotations

import typer

from stigmergy.cli.evaluate.bandit import bandit
from stigmergy.cli.evaluate.cold_start import cold_start
from stigmergy.cli.evaluate.evidence import evidence
from stigmergy.cli.evaluate.guard import guard
from stigmergy.cli.evaluate.off_policy import off_policy
from stigmergy.cli.evaluate.paths import paths
from stigmergy.cli.evaluate.pooled import pooled
from stigmergy.cli.evaluate.replay import replay
from stigmergy.cli.evaluate.rl import rl

app = typer.Typer(no_args_is_help=True, help="Judge routers by logged outcomes.")
app.command("replay")(replay)
app.command("pooled")(pooled)
app.command("cold-start")(cold_start)
app.command("paths")(paths)
app.command("evidence")(evidence)
app.command("guard")(guard)
app.command("bandit")(bandit)
app.command("off-policy")(off_policy)
app.command("rl")(rl)
