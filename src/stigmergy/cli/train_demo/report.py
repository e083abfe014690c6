"""What a training demo showed, as a document and as a page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from stigmergy.cli.output import printable, seconds, share, table
from stigmergy.cli.train_demo.script import Report


def document(report: Report, took_s: float) -> dict[str, Any]:
    """JSON-compatible values."""
    fresh = {}
    for name, run in report.fresh.items():
        fresh[name] = {key: value for key, value in asdict(run).items() if key != "rewards"}
    return {
        "seconds": took_s,
        "phases": dict(report.seconds),
        "logged_episodes": report.logged,
        "training": dict(report.training),
        "fresh": fresh,
        "gains": {name: asdict(gain) for name, gain in report.gains.items()},
        "promoted": report.promoted,
        "refused": report.refused,
        "rolled_back": report.rolled_back,
    }


def print_report(console: Console, report: Report) -> None:
    """A table of the fresh tasks, and what became of the three policies."""
    rows = table(f"On fresh tasks, after {report.logged} logged episodes")
    for heading in ("router", "decided by"):
        rows.add_column(heading, overflow="fold")
    for heading in ("quality", "mean cost"):
        rows.add_column(heading, justify="right")
    for name, run in report.fresh.items():
        by = ", ".join(f"{policy} {number}" for policy, number in run.decided_by.items())
        rows.add_row(name, Text(printable(by)), share(run.quality), f"${run.mean_cost_usd:.6f}")
    console.print(rows)
    for name, gain in report.gains.items():
        told = f"reward per task, promoted over {name}: {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        console.print(Text(printable(told)))
    for told, reason in (
        ("promoted", report.promoted),
        ("a bad policy is refused", report.refused),
        ("a canary that turned bad is gone", report.rolled_back),
    ):
        console.print(Text(printable(f"{told}: {reason or 'NOT SHOWN'}")))
    parts = ", ".join(f"{name} {seconds(took)}" for name, took in report.seconds.items())
    console.print(Text(printable(f"where the time went: {parts}")))
