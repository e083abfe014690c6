"""``stigmergy tasks``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from stigmergy.cli.options import AsJson, Url
from stigmergy.cli.outcome_view import print_task, status_text
from stigmergy.cli.output import arrows, print_json, printable, stdout, table, usd, working
from stigmergy.client import Client
from stigmergy.domain import Status
from stigmergy.wire import TaskResult

_PAGE = 100

By = Annotated[str, typer.Option(help="Who decides.")]
Comment = Annotated[str, typer.Option(help="Why.")]
Place = Annotated[str | None, typer.Option(help="Only if it is this hop that is asked about (see `tasks show`).")]

app = typer.Typer(no_args_is_help=True, help="Tasks: listed, shown, approved, rejected, cancelled.")


@app.callback()
def _group() -> None:
    """Tasks: listed, shown, approved, rejected, cancelled."""


def _aware(at: datetime | None) -> datetime | None:
    """What a person writes is local time."""
    try:
        return None if at is None else at.astimezone()
    except (OverflowError, OSError):
        raise typer.BadParameter(f"{at} is no time of any calendar here") from None


@app.command("list")
def list_tasks(
    graph: Annotated[str | None, typer.Option(help="Only this graph's.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that stand so.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only those created then or later (local time).")] = None,
    before: Annotated[datetime | None, typer.Option(help="Only those created before (local time).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """The newest tasks."""
    with Client(url) as client, working("reading tasks"):
        pages = client.tasks(
            graph=graph, status=status, since=_aware(since), before=_aware(before), page_size=min(limit, _PAGE)
        )
        found = list(islice(pages, limit))
    if as_json:
        print_json(found)
    else:
        stdout().print(_table(found))


@app.command()
def cancel(
    task_id: Annotated[str, typer.Argument(help="Which task.")], as_json: AsJson = False, url: Url = None
) -> None:
    """End a task, also in the middle of an agent's call; what the call may cost is charged."""
    with Client(url) as client, working("the task is being cancelled"):
        task = client.cancel(task_id)
    _print(task, as_json)


@app.command()
def approve(
    task_id: Annotated[str, typer.Argument(help="Which task.")],
    by: By = "user",
    comment: Comment = "",
    place: Place = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let a task take the risky hop that it waits with."""
    with Client(url) as client, working("the decision is being stored"):
        task = client.approve(task_id, by=by, comment=comment, place=place)
    _print(task, as_json)


@app.command()
def reject(
    task_id: Annotated[str, typer.Argument(help="Which task.")],
    by: By = "user",
    comment: Comment = "",
    place: Place = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Forbid a task the risky hop that it waits with: it goes another way, or is demoted or escalated."""
    with Client(url) as client, working("the decision is being stored"):
        task = client.reject(task_id, by=by, comment=comment, place=place)
    _print(task, as_json)


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
    _print(task, as_json)


def _print(task: TaskResult, as_json: bool) -> None:
    if as_json:
        print_json(task)
    else:
        print_task(stdout(), task)


def _table(tasks: Sequence[TaskResult]) -> Table:
    rows = table()
    rows.add_column("task", no_wrap=True)
    for heading in ("created", "status", "graph", "router", "route"):
        rows.add_column(heading, overflow="fold")
    rows.add_column("cost", justify="right")
    for task in tasks:
        rows.add_row(
            Text(printable(task.id)),
            "-" if task.created_at is None else f"{task.created_at:%Y-%m-%d %H:%M:%S}",
            status_text(task.status),
            Text(printable(task.graph)),
            Text(printable(task.router)),
            Text(arrows(task.route)),
            usd(task.usage.charged_usd),
        )
    return rows
