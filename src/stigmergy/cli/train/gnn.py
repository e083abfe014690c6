"""``stigmergy train gnn``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working
from stigmergy.cli.train.source import DataOption, OfGraph, StoreUrl, attempts_in, check_source


def gnn(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder that the artifact is written to.")],
    *,
    data: DataOption = None,
    url: StoreUrl = None,
    graph: OfGraph = None,
    exclude_arm: Annotated[list[str] | None, typer.Option(help="Leave this agent out, repeatable.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the queries.")] = 6,
    seed: Annotated[int, typer.Option(help="Of everything drawn.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train a graph neural network on the train and val splits of a log, or on stored episodes."""
    check_source(data, url, graph)
    with needs("gnn"):
        from stigmergy.platform.learning.gnn_training import train_gnn, train_gnn_on
        from stigmergy.routers.gnn.checkpoint import save_gnn
        from stigmergy.routers.gnn.training import GnnTraining
    excluded, training = exclude_arm or (), GnnTraining(epochs=epochs, seed=seed)
    with working("training"):
        if data is not None:
            artifact = train_gnn(data, excluded, training)
        else:
            artifact = train_gnn_on(attempts_in(str(url), str(graph)), excluded, training)
        version = save_gnn(out, artifact)
    described = {**artifact.describe(), "version": version}
    if as_json:
        print_json(described)
        return
    console = stdout()
    console.print(f"wrote {out}: {version}, from {described['queries']} queries")
    console.print(f"knows {printable(', '.join(described['agents']))}")
