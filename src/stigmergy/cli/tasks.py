"""``stigmergy tasks``."""

from __future__ import annotations

from typing import Annotated

import typer

from stigmergy.cli.options import AsJson, Url
from stigmergy.cli.outcome_view import print_task
from stigmergy.cli.output import print_json, stdout, working
from stigmergy.client import Client

app = typer.Typer(no_args_is_help=True, help="Tasks that were submitted without waiting.")


@app.callback()
def _group() -> None:
    """Tasks that were submitted without waiting."""


@app.command()
def show(
    task_id: Annotated[str, typer.Argument(help="The id that `submit --no-wait` printed.")],
    wait_s: Annotated[float | None, typer.Option("--wait-s", min=0, help="Wait up to so long for its end.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Where a task stands, and how it ended."""
    with Client(url) as client, working("the task runs"):
        task = client.get_task(task_id) if wait_s is None else client.wait(task_id, wait_s)
    if as_json:
        print_json(task)
    else:
        print_task(stdout(), task)
