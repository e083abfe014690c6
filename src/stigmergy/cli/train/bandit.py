"""``stigmergy train bandit``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working


def bandit(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet of outcomes, as for replay.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the artifact goes (.npz).")],
    cost_weight: Annotated[float, typer.Option(min=0.0, help="Cheapest to dearest agent, in quality.")] = 0.3,
    text_dims: Annotated[int, typer.Option(min=0, max=256, help="Numbers for the text.")] = 16,
    type_dims: Annotated[int, typer.Option(min=0, max=256, help="Places for task types.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Gather from a log what a router of kind bandit begins with; it goes on learning while it serves."""
    with needs("evaluate"):
        from stigmergy.platform.learning.bandits.training import train_bandit
        from stigmergy.routers.bandit.artifact import save_bandit
        from stigmergy.routers.bandit.context import ContextShape
    with working("training"):
        trained = train_bandit(data, ContextShape(text_dims=text_dims, type_dims=type_dims), cost_weight)
    artifact = replace(trained, version=save_bandit(out, trained))
    if as_json:
        print_json(artifact.describe())
        return
    console = stdout()
    console.print(f"wrote {out}: {artifact.version}, from {artifact.origin.queries} queries")
    console.print(f"knows {printable(', '.join(artifact.seen))}")
