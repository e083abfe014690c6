"""``stigmergy models``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, usd

if TYPE_CHECKING:
    from stigmergy.agents.models.prices import ListedPrice

_PRICED: Final = ("input", "cached", "output")

app = typer.Typer(no_args_is_help=True, help="Language models: what is known of them without a configuration.")


@app.callback()
def group() -> None:
    """Keep this a group while it has one command."""


@app.command()
def prices(as_json: AsJson = False) -> None:
    """The packaged prices, which a model without a stated `price` is charged by; compare them with their source."""
    from stigmergy.agents.models.prices import price_list

    today = datetime.now(UTC).date()
    if as_json:
        print_json({name: _told(each, today) for name, each in price_list().items()})
        return
    rows = table("Packaged prices in USD per million tokens")
    for heading in ("model", *_PRICED, "as of", "", "source"):
        rows.add_column(heading, justify="right" if heading in _PRICED else "left")
    for name, each in price_list().items():
        stated = (each.per_million_input, each.per_million_cached_input, each.per_million_output)
        amounts = ("as input" if amount is None else usd(amount) for amount in stated)
        rows.add_row(name, *amounts, str(each.as_of), "old" if each.is_old(today) else "", each.source)
    stdout().print(rows)


def _told(listed: ListedPrice, today: date) -> dict[str, Any]:
    cached = listed.per_million_cached_input
    return {
        "per_million_input": str(listed.per_million_input),
        "per_million_cached_input": None if cached is None else str(cached),
        "per_million_output": str(listed.per_million_output),
        "as_of": listed.as_of.isoformat(),
        "old": listed.is_old(today),
        "source": listed.source,
    }
