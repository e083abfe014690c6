"""The bench's table for a person, and its JSON document."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from stigmergy.bench.affinity.measure import Measured, Row
from stigmergy.bench.affinity.search import Search

_LEAST_GAIN: Final = 1.4
_OURS, _PLAIN = "cache_affine", "power_of_two"


def gain(measured: Measured) -> float:
    """The load of cache-affine routing in loads of power of two; 0 where one of them kept none."""
    loads = {row.routing: _load(row.served) for row in measured.rows}
    return loads[_OURS] / loads[_PLAIN] if loads[_PLAIN] else 0.0


def kept(measured: Measured) -> bool:
    """Whether the promise was."""
    return gain(measured) >= _LEAST_GAIN


def document(measured: Measured) -> dict[str, Any]:
    """The searches, the promise, and under which conditions."""
    return {
        "compute": "modelled: replicas wait as long as reading what is not cached would take; the caches are real",
        "rows": [_row(row) for row in measured.rows],
        "gain": gain(measured),
        "at_least": _LEAST_GAIN,
        "kept": kept(measured),
        "scene": asdict(measured.scene),
        "machine": {"cpus": os.cpu_count(), "load_average": os.getloadavg()},
        "versions": {"ray": version("ray")},
    }


def print_report(console: Console, measured: Measured, rows: Table) -> None:
    """One line per routing, at its highest load within the limit."""
    for heading in ("routing", "requests/s", "simulated", "late", "p50 ms", "p99 ms", "tokens cached", "at home"):
        rows.add_column(heading, justify="left" if heading == "routing" else "right")
    for row in measured.rows:
        rows.add_row(row.routing, *_figures(row))
    console.print(rows)
    console.print("compute is modelled: replicas wait as long as reading what is not cached would take")
    verdict = "kept  " if kept(measured) else "BROKEN"
    console.print(f"{verdict} {_OURS} takes {gain(measured):.2f} x the load of {_PLAIN} (at least {_LEAST_GAIN:g})")


def _figures(row: Row) -> tuple[str, ...]:
    best, simulated = row.served.best, "" if row.simulated is None else f"{_load(row.simulated):.1f}"
    if best is None:
        return ("none", simulated)
    times = (f"{1000 * best.p50_s:.0f}", f"{1000 * best.p99_s:.0f}")
    shares = (f"{best.hit_rate:.0%}", f"{best.home_share:.0%}")
    return (f"{best.rate:.1f}", simulated, f"{best.late_share:.1%}", *times, *shares)


def _load(search: Search) -> float:
    return search.best.rate if search.best is not None else 0.0


def _row(row: Row) -> Mapping[str, Any]:
    return {
        "routing": row.routing,
        "served": _search(row.served),
        "simulated": None if row.simulated is None else _search(row.simulated),
    }


def _search(search: Search) -> Mapping[str, Any]:
    best = search.best
    return {"best": None if best is None else asdict(best), "probes": [asdict(each) for each in search.probes]}
