"""``stigmergy evaluate bandit``."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.platform.learning.bandits.evaluation import Simulation
    from stigmergy.platform.learning.bandits.judging import Plan
    from stigmergy.routers.bandit.context import ContextShape

Source: TypeAlias = Path | None
Split: TypeAlias = Literal["train", "val", "test"]
_PLAYER_HELP = "Which bandit, repeatable; else all. random, best_single and epsilon_greedy always play."
_LOG_HELP = "Parquet of uniform choices: replay it without bias."
_DATA_HELP = "Parquet of outcomes with splits: play on streams of it."


def bandit(
    *,
    data: Annotated[
        Source,
        typer.Option(exists=True, dir_okay=False, help="Parquet of outcomes with splits: play on streams of it."),
    ] = None,
    log: Annotated[Source, typer.Option(exists=True, dir_okay=False, help=_LOG_HELP)] = None,
    queries: Annotated[Source, typer.Option(exists=True, dir_okay=False, help="Parquet of the log's queries.")] = None,
    player: Annotated[list[str] | None, typer.Option(help=_PLAYER_HELP)] = None,
    exclude_arm: Annotated[list[str] | None, typer.Option(help="Leave this arm out, repeatable.")] = None,
    split: Annotated[Split, typer.Option(help="Whose queries are played; tune on val.")] = "test",
    rounds: Annotated[int, typer.Option(min=2, help="Length of a stream.")] = 3000,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Streams, or shuffles of the log.")] = 10,
    cost_weight: Annotated[float, typer.Option(min=0.0, help="Cheapest to dearest arm, in quality.")] = 0.3,
    alpha: Annotated[float, typer.Option(min=0.0, help="Of LinUCB.")] = 0.25,
    scale: Annotated[float, typer.Option(min=1e-6, help="Of Thompson sampling.")] = 0.1,
    ridge: Annotated[float, typer.Option(min=1e-6, help="What the prior counts for.")] = 10.0,
    discount: Annotated[float, typer.Option(min=1e-6, max=1.0, help="Of the discounted players.")] = 0.999,
    text_dims: Annotated[int, typer.Option(min=0, max=256, help="Numbers for the text.")] = 16,
    type_dims: Annotated[int, typer.Option(min=0, max=256, help="Places for task types.")] = 16,
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
    html_out: Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Where the HTML report goes.")] = None,
) -> None:
    """How much do bandits lose while they learn, also when the pool changes?"""
    with needs("evaluate"):
        from stigmergy.platform.learning.bandits.evaluation import Simulation
        from stigmergy.platform.learning.bandits.judging import plan_of
        from stigmergy.platform.learning.bandits.players import Tuning
        from stigmergy.routers.bandit.context import ContextShape
    plan = plan_of(player or (), seeds, Tuning(alpha=alpha, scale=scale, ridge=ridge, discount=discount))
    shape = ContextShape(text_dims=text_dims, type_dims=type_dims)
    simulation = Simulation(shape=shape, cost_weight=cost_weight, split=split, rounds=rounds)
    if data is not None and log is None and queries is None:
        document = _simulated(data, exclude_arm or (), simulation, plan)
    elif data is None and log is not None and queries is not None:
        document = _replayed(log, queries, shape, plan)
    else:
        raise typer.BadParameter("give --data FILE, or both --log and --queries")
    _write(document, json_out, html_out)
    print_report(document)


def _simulated(data: Path, excluded: Collection[str], simulation: Simulation, plan: Plan) -> dict[str, Any]:
    from stigmergy.platform.learning.bandits.evaluation import evaluate_table
    from stigmergy.platform.learning.evaluation.arm_selection import select_arms
    from stigmergy.platform.learning.evaluation.log_reading import read_file
    from stigmergy.platform.learning.evaluation.outcome_table import tabulate

    with working("reading the log") as status:
        selected = select_arms(tabulate(read_file(data)), excluded)
        return evaluate_table(selected, simulation, plan, status.update)


def _replayed(log: Path, queries: Path, shape: ContextShape, plan: Plan) -> dict[str, Any]:
    from stigmergy.platform.learning.bandits.evaluation import evaluate_log

    with working("reading the log") as status:
        return evaluate_log(log, queries, shape, plan, status.update)


def _write(document: dict[str, Any], json_out: Path | None, html_out: Path | None) -> None:
    from stigmergy.platform.learning.bandits.page import html

    if json_out is not None:
        json_out.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    if html_out is not None:
        html_out.write_text(html(document), encoding="utf-8")


def print_report(document: Mapping[str, Any]) -> None:
    """One table per scenario."""
    from stigmergy.platform.learning.bandits.page import HEADINGS, cells

    data = document["data"]
    for scenario, players in document["scenarios"].items():
        shown = table(f"{scenario}: {data['queries']} queries, {len(data['arms'])} arms")
        for heading in HEADINGS:
            shown.add_column(heading, justify="left" if heading == HEADINGS[0] else "right", no_wrap=True)
        for name, found in players.items():
            shown.add_row(printable(name), *cells(found))
        stdout().print(shown)
