"""``stigmergy bench affinity``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stderr, stdout, table
from stigmergy.cli.serve import stop_signal


def affinity(
    replicas: Annotated[int, typer.Option(min=2, help="Of the model, per routing.")] = 6,
    slo: Annotated[float, typer.Option(min=0.1, help="Seconds within which 99 % are to be answered.")] = 1.5,
    seconds: Annotated[float, typer.Option(min=5, help="For which a load is offered.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Draws the requests.")] = 0,
    as_json: AsJson = False,
) -> None:
    """What load a model's replicas take within a time limit, by how requests are shared among them.

    Cache-affine routing, power of two and Ray's prefix-aware router on Ray Serve, side by side, with real caches of
    prefixes and modelled compute. The exit status is 1 where a promise was broken.
    """
    with needs("ray"):
        from stigmergy.bench.affinity.measure import Plan, measure
        from stigmergy.bench.affinity.report import document, kept, print_report
    plan = Plan(replicas=replicas, slo_s=slo, seconds=seconds, seed=seed)
    # Ray tells on stdout of every process that it misses.
    with stop_signal() as stopped, redirect_stdout(sys.stderr):
        measured = measure(plan, stderr().print)
    if stopped.is_set():
        raise typer.Exit(130)
    if as_json:
        print_json(document(measured))
    else:
        print_report(stdout(), measured, table("Load within the limit"))
    raise typer.Exit(0 if kept(measured) else 1)
