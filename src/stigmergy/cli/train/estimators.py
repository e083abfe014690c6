"""``stigmergy train nearest``, ``ridge``, ``centroid`` ...: a command for each estimator that can be served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working
from stigmergy.cli.train.source import DataOption, OfGraph, StoreUrl, attempts_in, check_source

SERVED: Final = {
    "nearest": "nearest neighbours on n-grams",
    "nearest_task": "nearest neighbours, shrunk towards the means of the query's task type",
    "ridge": "ridge regression on n-grams",
    "ridge_task": "ridge regression on what the means of the query's task type leave over",
    "nearest_and_ridge": "the mean of nearest and ridge",
    "nearest_and_ridge_task": "the mean of nearest_task and ridge_task",
    "ensemble": "nearest neighbours and ridge on what a text itself asks, over the means of its task type",
    "centroid": "one profile per agent on n-grams",
    "best_per_task": "means per task type",
}
"""Names of the catalog of estimators, as help tells them: the catalog itself needs more than the bare install."""


def add_commands(app: typer.Typer) -> None:
    """Register one command per estimator."""
    for name, description in SERVED.items():
        app.command(name, help=f"Learn from a log what each agent is worth on a query: {description}.")(_command(name))


def _command(name: str) -> Callable[..., None]:
    def train(
        out: Annotated[Path, typer.Option(dir_okay=False, help="Where the artifact goes (.npz).")],
        data: DataOption = None,
        url: StoreUrl = None,
        graph: OfGraph = None,
        as_json: AsJson = False,
    ) -> None:
        check_source(data, url, graph)
        with needs("evaluate"):
            from stigmergy.platform.learning.estimators.training import train_arms, train_arms_on
            from stigmergy.routers.estimators.artifact import save_arms
        with working("training"):
            trained = train_arms(name, data) if data else train_arms_on(name, attempts_in(str(url), str(graph)))
        artifact = save_arms(out, trained.model, trained.origin)
        if as_json:
            print_json(artifact.describe())
            return
        console = stdout()
        console.print(f"wrote {out}: {artifact.version} ({name}), from {artifact.origin.queries} queries")
        console.print(f"knows {printable(', '.join(artifact.model.arms))}")

    return train
