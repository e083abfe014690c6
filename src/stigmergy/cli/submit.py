"""``stigmergy submit``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from stigmergy.cli.options import (
    AsJson,
    GraphName,
    MaxUsd,
    Priority,
    RouterName,
    TaskTypeName,
    TradeOff,
    Url,
    budget_of,
)
from stigmergy.cli.outcome_view import print_task
from stigmergy.cli.output import print_json, stdout, working
from stigmergy.client import Client


def submit(
    text: Annotated[str, typer.Argument(help="What is asked; a dash reads it from standard input.")],
    *,
    graph: GraphName = None,
    router: RouterName = None,
    trade_off: TradeOff = None,
    max_usd: MaxUsd = None,
    task_type: TaskTypeName = None,
    priority: Priority = 0,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return at once; see `tasks show`.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Run a task: its answer, route and cost, and why it went that way.

    The exit status is 1 when the task ended without an answer.
    """
    query = sys.stdin.read() if text == "-" else text
    with Client(url) as client, working("the task runs"):
        task = client.submit(
            query,
            graph=graph,
            router=router,
            trade_off=trade_off,
            budget=budget_of(max_usd),
            task_type=task_type,
            wait=not no_wait,
            explain=not no_wait,
            priority=priority,
        )
    if as_json:
        print_json(task)
    else:
        print_task(stdout(), task)
    if task.status.ended and task.answer is None:
        raise typer.Exit(1)
