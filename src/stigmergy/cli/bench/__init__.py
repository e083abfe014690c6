"""``stigmergy bench``: one module per bench, registered here."""

from __future__ import annotations

import typer

from stigmergy.cli.bench.affinity import affinity
from stigmergy.cli.bench.chaos import chaos
from stigmergy.cli.bench.cluster import cluster
from stigmergy.cli.bench.colony import colony
from stigmergy.cli.bench.engine import engine
from stigmergy.cli.bench.gateway import gateway
from stigmergy.cli.bench.gnn import gnn
from stigmergy.cli.bench.healing import healing
from stigmergy.cli.bench.nano import nano
from stigmergy.cli.bench.off_policy import off_policy
from stigmergy.cli.bench.retrieval import retrieval
from stigmergy.cli.bench.rl import rl
from stigmergy.cli.bench.routing import routing

app = typer.Typer(no_args_is_help=True, help="Measure the platform beside its peers, on this machine.")
app.command()(affinity)
app.command()(chaos)
app.command()(cluster)
app.command()(colony)
app.command()(engine)
app.command()(gateway)
app.command()(gnn)
app.command()(healing)
app.command()(nano)
app.command("off-policy")(off_policy)
app.command()(retrieval)
app.command("rl")(rl)
app.command()(routing)
