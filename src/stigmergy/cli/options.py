"""Options that several commands share, with one wording."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeAlias

import typer

from stigmergy.client.protocol import DEFAULT_URL, URL_VARIABLE
from stigmergy.domain import HIGHEST_PRIORITY
from stigmergy.wire import BudgetModel


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise typer.BadParameter(f"{text!r} is no amount of money; write for example 0.05")
    return amount


Url: TypeAlias = Annotated[
    str | None, typer.Option("--url", envvar=URL_VARIABLE, help=f"Where the server is (default: {DEFAULT_URL}).")
]
ClusterAddress: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--address",
        envvar="RAY_API_SERVER_ADDRESS",
        help="The dashboard of the Ray cluster's head (default: http://127.0.0.1:8265).",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
GraphName: TypeAlias = Annotated[str | None, typer.Option("--graph", help="The graph; else the server's default.")]
RouterName: TypeAlias = Annotated[str | None, typer.Option("--router", help="The router; else the graph's default.")]
TradeOff: TypeAlias = Annotated[
    float | None,
    typer.Option("--trade-off", min=0, help="What money is worth in quality; 0: nothing. Else as the router has it."),
]
MaxUsd: TypeAlias = Annotated[
    Decimal | None, typer.Option("--max-usd", parser=_usd, metavar="USD", help="The most that the task may cost.")
]
TaskTypeName: TypeAlias = Annotated[str | None, typer.Option("--task-type", help="What kind of query it is, if known.")]

Priority: TypeAlias = Annotated[
    int,
    typer.Option(
        "--priority",
        min=-HIGHEST_PRIORITY,
        max=HIGHEST_PRIORITY,
        help="Who waits: each step is worth a minute of waiting.",
    ),
]


def budget_of(max_usd: Decimal | None) -> BudgetModel:
    """The budget that the options ask for."""
    return BudgetModel(max_usd=max_usd)
