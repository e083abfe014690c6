"""Where a training learns from: a file, or the episodes of a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from stigmergy.cli.stored import read_store

if TYPE_CHECKING:
    from stigmergy.platform.learning.evaluation.log_reading import Attempts

DataOption: TypeAlias = Annotated[
    Path | None, typer.Option("--data", exists=True, dir_okay=False, help="Parquet of outcomes, as for replay.")
]
StoreUrl: TypeAlias = Annotated[
    str | None,
    typer.Option("--from", metavar="URL", help="Instead of --data: a store, as sqlite:///path; its judged episodes."),
]
OfGraph: TypeAlias = Annotated[str | None, typer.Option("--graph", help="With --from: the graph to learn from.")]


def check_source(data: Path | None, url: str | None, graph: str | None) -> None:
    """Refuse options that name no source, or two."""
    if (data is None) == (url is None):
        raise typer.BadParameter("give either --data FILE, or --from URL with --graph NAME")
    if (url is None) != (graph is None):
        raise typer.BadParameter("--from and --graph go together")


def attempts_in(url: str, graph: str) -> Attempts:
    """What routers decided in the judged episodes of a graph.

    Raises:
        StoreUnavailable: there is no such store.
        InvalidLog: it holds nothing to learn from.
    """
    from stigmergy.platform.learning.logs.attempts import stored_attempts

    return read_store(url, lambda store: stored_attempts(store, graph))
