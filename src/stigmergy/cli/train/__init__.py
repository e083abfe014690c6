"""``stigmergy train``: from logs to versioned artifacts."""

from __future__ import annotations

import typer

from stigmergy.cli.train.ant_colony import ant_colony
from stigmergy.cli.train.bandit import bandit
from stigmergy.cli.train.dataset import dataset
from stigmergy.cli.train.estimators import add_commands
from stigmergy.cli.train.evidence import evidence
from stigmergy.cli.train.gnn import gnn
from stigmergy.cli.train.guard import guard
from stigmergy.cli.train.nano import nano
from stigmergy.cli.train.rl import rl

app = typer.Typer(no_args_is_help=True, help="Train routers on logged outcomes, and nano language models on lessons.")
app.command("ant-colony")(ant_colony)
app.command("bandit")(bandit)
app.command("dataset")(dataset)
app.command("evidence")(evidence)
app.command("gnn")(gnn)
app.command("guard")(guard)
app.command("nano")(nano)
app.command("rl")(rl)
add_commands(app)
