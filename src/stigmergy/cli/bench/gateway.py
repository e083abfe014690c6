"""``stigmergy bench gateway``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stderr, stdout, table
from stigmergy.cli.serve import stop_signal

if TYPE_CHECKING:
    from stigmergy.bench.gateway.measure import Plan

_AT_ONCE = [1, 16, 64, 256]


class Peer(StrEnum):
    """Whose proxy is measured beside ours."""

    LITELLM = "litellm"


def gateway(  # noqa: PLR0917 - options, which nobody gives by position
    concurrency: Annotated[list[int] | None, typer.Option(min=1, help="Requests at once; repeatable.")] = None,
    requests: Annotated[int, typer.Option(min=10, help="Of one system in one round of one cell, at most.")] = 5_000,
    seconds: Annotated[float, typer.Option(min=0.1, help="For how long it is asked, at most.")] = 5.0,
    rounds: Annotated[int, typer.Option(min=1, help="How often; the figures are medians.")] = 3,
    replicas: Annotated[int, typer.Option(min=1, help="Of the gateway.")] = 1,
    memory_requests: Annotated[int, typer.Option(min=0, help="Look at the memory over so many; 200000.")] = 0,
    peer: Annotated[Peer | None, typer.Option(help="Measure its proxy, too; needs --peer-python.")] = None,
    peer_python: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The Python of its environment.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the gateway adds to a language model's answer: a fake upstream directly, through bare Serve, through us.

    Streaming and not, with and without a durable task, the upstream at once and after 50 ms. The exit status is 1
    where a promise was broken.
    """
    if (peer is None) != (peer_python is None):
        raise typer.BadParameter("--peer and --peer-python belong together")
    with needs("dev"):
        from stigmergy.bench.gateway.litellm_peer import litellm_version
        from stigmergy.bench.gateway.measure import Plan
        from stigmergy.bench.gateway.system import Size
    if peer_python is not None:
        litellm_version(peer_python)
    plan = Plan(
        concurrencies=tuple(concurrency or _AT_ONCE),
        size=Size(requests, seconds),
        rounds=rounds,
        replicas=replicas,
        memory_requests=memory_requests,
        peer_python=peer_python,
    )
    _run(plan, as_json=as_json)


def _run(plan: Plan, *, as_json: bool) -> None:
    from stigmergy.bench.gateway.measure import measure
    from stigmergy.bench.gateway.report import document, kept, print_report

    # Ray tells on stdout of every process that it misses.
    with stop_signal() as stopped, redirect_stdout(sys.stderr):
        measured = measure(plan, stderr().print)
    if stopped.is_set():
        raise typer.Exit(130)
    if as_json:
        print_json(document(measured))
    else:
        print_report(stdout(), measured, table("What stands before the upstream"))
    raise typer.Exit(0 if kept(measured) else 1)
