"""``stigmergy bench models``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.bench.models.report import Speeds


def models(
    nano: Annotated[Path, typer.Option(file_okay=False, help="Where nano models are, if any.")] = Path(
        ".stigmergy/nano"
    ),
    requests: Annotated[int, typer.Option(min=2, help="So many questions, all at once.")] = 32,
    seed: Annotated[int, typer.Option(help="Draws weights and questions.")] = 0,
    device: Annotated[str, typer.Option(help="Where torch runs; auto: an accelerator where there is one.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Tokens per second: the batching engine beside plain generation, one by one and in fixed batches."""
    with needs("transformers"):
        from stigmergy.bench.models.report import conditions, measure
    with working("timing") as status:
        speeds = asyncio.run(measure(nano, requests, seed, device, told=status.update))
    if as_json:
        print_json({**conditions(), "models": {name: each.describe() for name, each in speeds.items()}})
        return
    _print(speeds)


def _print(speeds: Mapping[str, Speeds]) -> None:
    for name, each in speeds.items():
        rows = table(f"{name}: tokens per second (per second of the processor)")
        rows.add_column("side by side", justify="right")
        rows.add_column("plain generation", justify="right")
        rows.add_column("engine", justify="right")
        for width, plain in each.plain.items():
            shown = (f"{rate.tokens / rate.wall_s:,.0f} ({rate.tokens / rate.cpu_s:,.0f})"
                     for rate in (plain, each.engine[width]))  # fmt: skip
            rows.add_row(str(width), *shown)
        stdout().print(rows)
