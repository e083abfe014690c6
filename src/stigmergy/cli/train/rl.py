"""``stigmergy train rl``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, seconds, stderr, stdout

if TYPE_CHECKING:
    from stigmergy.platform.learning.trainers.rl.run import Progress as Advance


def rl(
    config: Annotated[Path, typer.Option("--config", "-c", dir_okay=False, help="YAML: data, learner, seeds ...")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for the policy, checkpoints, figures.")] = Path(
        "training"
    ),
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what a killed training left in the folder.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a routing policy on RLlib; for kind: policy. The same command runs as a Ray job."""
    with needs("core"):
        from stigmergy.platform.settings.training import load_training
    training = load_training(config, os.environ)
    with needs("train"):
        from stigmergy.platform.learning.trainers.rl.run import train
    with _telling() as told:
        document = train(training, out, resume=resume, told=told)
    if as_json:
        print_json(document)
        return
    _print(document)


@contextmanager
def _telling() -> Iterator[Callable[[Advance], None]]:
    """Bars on a terminal; elsewhere a line for every look at val."""
    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[int, Any] = {}

        def tell(at: Advance) -> None:
            left = f"{seconds(at.left_s)} left"
            if at.seed not in bars:
                bars[at.seed] = progress.add_task(f"seed {at.seed}", total=at.iterations, left=left)
            progress.update(bars[at.seed], completed=at.iteration, left=left)
            judged = {name: figure for name, figure in at.figures.items() if name.startswith("val_")}
            if judged and not console.is_terminal:
                told = ", ".join(f"{name} {figure:.4g}" for name, figure in judged.items())
                console.print(f"seed {at.seed}: {at.iteration}/{at.iterations}, {told}, {left}")

        yield tell


def _print(document: Mapping[str, Any]) -> None:
    console = stdout()
    for seed in document["seeds"]:
        figures = ", ".join(f"{name} {figure:.4g}" for name, figure in seed["figures"].items())
        console.print(f"seed {seed['seed']}: {printable(figures)}")
    console.print(f"wrote {document['artifact']}: {document['version']}, of seed {document['seed']}")
    console.print(f"budgets exceeded on val: {document['over_budget']:.0f}")
