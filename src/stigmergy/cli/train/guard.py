"""``stigmergy train guard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working


def guard(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet with suite, split, gold_agent.")],
    suite: Annotated[str, typer.Option(help="Whose queries the guard is for.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the artifact goes (.npz).")],
    as_json: AsJson = False,
) -> None:
    """Learn which queries a graph's agents are for; tells what the artifact contains."""
    with needs("train"):
        from stigmergy.platform.learning.guarding.guard_log import read_guard_log
        from stigmergy.platform.learning.guarding.origin import origin_of
        from stigmergy.platform.learning.guarding.training import TrainingConfig, train
        from stigmergy.routers.guard.artifact import save_guard
    log, config = read_guard_log(data), TrainingConfig()
    with working("training"):
        trained = train(log.suite(suite), config)
    artifact = save_guard(out, trained, origin_of(log, suite, config))
    if as_json:
        print_json(artifact.describe())
        return
    console = stdout()
    console.print(f"wrote {out}: {artifact.version}, from {artifact.origin.queries} queries")
    console.print(f"serves {printable(', '.join(trained.labels.agents))}; rejects above {trained.threshold:.2f}")
