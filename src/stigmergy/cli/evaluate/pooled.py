"""``stigmergy evaluate pooled``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stdout, table

if TYPE_CHECKING:
    from collections.abc import Mapping

Reports: TypeAlias = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="What evaluate replay --json wrote, one per log.")
]


def pooled(
    reports: Reports,
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
) -> None:
    """Over several replayed logs: is one router better than the best baseline that is the same on all of them?"""
    with needs("evaluate"):
        from stigmergy.platform.learning.evaluation.over_logs import over_logs, read_gaps
    document = over_logs({str(path): read_gaps(path) for path in reports})
    if json_out is not None:
        json_out.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    _print(document, reports)


def _print(document: dict[str, Any], reports: list[Path]) -> None:
    best = document["best_baseline"]
    rows = table(f"gap closed on {len(reports)} logs; over all of them the best baseline is {best}")
    for heading in ("router", *(printable(path.stem) for path in reports), "mean", f"mean less {best}", "below hull"):
        rows.add_column(heading, justify="left" if heading == "router" else "right")
    for name, each in document["routers"].items():
        gaps = (log["gap_closed"] for log in each["logs"].values())
        rows.add_row(
            name,
            *map(_mean, gaps),
            _mean(each["gap_closed"]),
            _difference(each["versus_best"]),
            str(len(each["below_hull"])),
        )
    stdout().print(rows)


def _mean(found: Mapping[str, float] | None) -> str:
    return f"{found['mean']:.3f}" if found else "-"


def _difference(found: Mapping[str, float] | None) -> str:
    return f"{found['mean']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]" if found else "-"
