"""``stigmergy models``."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, usd

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
        print_json(
            {
                name: {
                    "per_million_input": str(each.per_million_input),
                    "per_million_output": str(each.per_million_output),
                    "as_of": each.as_of.isoformat(),
                    "old": each.is_old(today),
                    "source": each.source,
                }
                for name, each in price_list().items()
            }
        )
        return
    rows = table("Packaged prices in USD per million tokens")
    for heading in ("model", "input", "output", "as of", "", "source"):
        rows.add_column(heading, justify="right" if heading in ("input", "output") else "left")
    for name, each in price_list().items():
        age = "old" if each.is_old(today) else ""
        rows.add_row(name, usd(each.per_million_input), usd(each.per_million_output), str(each.as_of), age, each.source)
    stdout().print(rows)
