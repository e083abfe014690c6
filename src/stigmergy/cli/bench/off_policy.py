"""``stigmergy bench off-policy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working


def off_policy(
    episodes: Annotated[int, typer.Option(min=200, help="Of one simulated log.")] = 1_000,
    replications: Annotated[int, typer.Option(min=1, help="Logs drawn in each world.")] = 500,
    seed: Annotated[int, typer.Option(help="Draws the logs.")] = 0,
    as_json: AsJson = False,
) -> None:
    """How often the 95 % intervals of off-policy estimates hold the truth, in worlds where it is known."""
    with needs("core"):
        from stigmergy.bench.off_policy.coverage import report
    with working("drawing") as status:
        document = report(episodes, replications, seed, told=status.update)
    if as_json:
        print_json(document)
        return
    for name, found in document["worlds"].items():
        _print(name, found)


def _print(name: str, found: Mapping[str, Any]) -> None:
    rows = table(
        f"{name}: {found['replications']} logs of {found['episodes']:,} episodes, mean effective sample "
        f"{found['effective_sample_size']:.0f}, {found['refused']} refused, truth {found['truth']:.4f}"
    )
    for column in ("", "95 % interval holds the truth", "mean error", "half-width"):
        rows.add_column(column, justify="left" if not column else "right")
    for estimator in found["held"]:
        held, error, width = (found[figure][estimator] for figure in ("held", "bias", "half_width"))
        cells = ("-",) * 3 if held is None else (f"{held:.1%}", f"{error:+.4f}", f"{width:.4f}")
        rows.add_row(estimator.replace("_", " "), *cells)
    stdout().print(rows)
