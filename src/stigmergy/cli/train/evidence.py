"""``stigmergy train evidence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working


def evidence(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet with pred or response.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the artifact goes (.npz).")],
    task: Annotated[list[str] | None, typer.Option(help="Only this task, repeatable.")] = None,
    roster: Annotated[int, typer.Option(min=1, max=7, help="Most agents that take part.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Learn from a log with answers when to stop and whom to ask; tells what the artifact contains."""
    with needs("evaluate"):
        from stigmergy.platform.learning.evidence.log_reading import read_answer_log
        from stigmergy.platform.learning.evidence.origin import origin_of
        from stigmergy.platform.learning.evidence.training import train
        from stigmergy.platform.learning.evidence.training_config import TrainingConfig
        from stigmergy.routers.evidence.artifact import save_artifact
    log, config = read_answer_log(data, task or ()), TrainingConfig(roster_size=roster)
    with working("training"):
        policy = train(log, config).policy
    artifact = save_artifact(out, policy, origin_of(log, config))
    if as_json:
        print_json(artifact.describe())
        return
    console = stdout()
    console.print(f"wrote {out}: {artifact.version}, from {len(log.texts)} queries")
    console.print(f"asks {printable(', '.join(policy.roster))}; task types {printable(', '.join(policy.tasks))}")
