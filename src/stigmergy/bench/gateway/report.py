"""The bench's table for a person, and its JSON document."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from stigmergy.bench.gateway.bars import Bar, bars
from stigmergy.bench.gateway.litellm_peer import litellm_version
from stigmergy.bench.gateway.measure import Measured, Row
from stigmergy.bench.gateway.system import Cell

_PACKAGES = ("ray", "aiohttp", "starlette", "uvicorn", "uvloop")


def document(measured: Measured) -> dict[str, Any]:
    """The rows, the promises, and what all that was measured with."""
    plan = measured.plan
    peer = {} if plan.peer_python is None else {"litellm": litellm_version(plan.peer_python)}
    return {
        "rows": [_told(each, added_ms(measured)) for each in measured.rows],
        "memory_mib": list(measured.memory_mib),
        "bars": [{**asdict(each), "held": each.held} for each in bars(measured)],
        "kept": kept(measured),
        "plan": {**asdict(plan), "peer_python": None if plan.peer_python is None else str(plan.peer_python)},
        "machine": {"cpus": os.cpu_count(), "load_average": os.getloadavg()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}, **peer},
    }


def kept(measured: Measured) -> bool:
    """Whether every promise was."""
    return all(each.held for each in bars(measured))


def added_ms(measured: Measured) -> Mapping[Cell, float]:
    """The median of the upstream itself in every cell: what a system adds is what it takes beyond."""
    return {each.cell: each.p50_ms for each in measured.rows if each.system == "direct"}


def print_report(console: Console, measured: Measured, rows: Table) -> None:
    """One line per system and cell, then the promises."""
    direct = added_ms(measured)
    for heading in ("system", "at once", "upstream", "stream", "durable", "requests/s", "p50 ms", "added"):
        rows.add_column(heading, justify="left" if heading == "system" else "right")
    for heading in ("p99 ms", "p99.9 ms", "slowest", "errors"):
        rows.add_column(heading, justify="right")
    for each in measured.rows:
        cell, added = each.cell, each.p50_ms - direct[each.cell]
        named = (str(cell.concurrency), f"{cell.upstream_ms} ms", _mark(cell.stream), _mark(each.durable))
        times = (each.p50_ms, added, each.p99_ms, each.p999_ms, each.max_ms)
        rows.add_row(each.system, *named, f"{each.rps:,.0f}", *(f"{ms:.2f}" for ms in times), str(each.errors))
    console.print(rows)
    if measured.memory_mib:
        console.print("memory, MiB: " + " ".join(f"{mib:.0f}" for mib in measured.memory_mib))
    for bar in bars(measured):
        console.print(_line(bar))


def _line(bar: Bar) -> str:
    limit = f"{'at most' if bar.at_most else 'at least'} {bar.limit:g}"
    return f"{'kept  ' if bar.held else 'BROKEN'} {bar.promise}: {bar.value:.2f} ({limit})"


def _mark(holds: object) -> str:
    return "yes" if holds else ""


def _told(row: Row, direct: Mapping[Cell, float]) -> dict[str, Any]:
    told = asdict(row)
    cell: dict[str, Any] = told.pop("cell")
    return {"system": told.pop("system"), **cell, **told, "added_p50_ms": row.p50_ms - direct[row.cell]}
