"""``stigmergy bench nano``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, share, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.bench.nano.report import NanoReport


def nano(
    models: Annotated[Path, typer.Option(file_okay=False, help="Where the models are kept.")] = Path(".stigmergy/nano"),
    minutes: Annotated[float, typer.Option(min=0.01, help="At most so long trains a model that is not there.")] = 30.0,
    tasks: Annotated[int, typer.Option(min=30, help="So many to learn from, and as many to be tried on.")] = 600,
    seed: Annotated[int, typer.Option(help="Draws the tasks.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Two tiny language models as agents: what each can do and costs, what routers learn to do with them."""
    with needs("dev"):
        from stigmergy.bench.nano.report import measure
    with working("training") as status:
        report = asyncio.run(measure(models, minutes, tasks, seed, told=status.update))
    if as_json:
        print_json(report.document())
        return
    _print(report)


def _ends(by_tier: Mapping[str, float]) -> tuple[float, float]:
    return by_tier["easy"], by_tier["hard"]


def _print(report: NanoReport) -> None:
    rows = table("Right answers and cost, by who chooses the model")
    for column in ("", "easy", "medium", "hard", "all", "coin at its cost", "large", "of easy", "of hard", "USD"):
        rows.add_column(column, justify="right" if column else "left")
    for name, policy in report.policies.items():
        shares = (
            *policy.by_tier.values(),
            policy.accuracy,
            policy.mixture,
            policy.large_share,
            *_ends(policy.large_by_tier),
        )
        rows.add_row(name, *map(share, shares), f"{policy.usd:.3g}")
    stdout().print(rows)
    gap, ratio = 100 * report.hard_gap, report.cost_ratio
    stdout().print(f"hard tier: large is right {gap:.0f} points more often; on all it costs {ratio:.1f} times as much")
