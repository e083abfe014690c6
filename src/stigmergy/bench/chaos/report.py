"""The rounds as a table and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stigmergy.bench.chaos.rounds import Plan, Round


def document(plan: Plan, rounds: Sequence[Round]) -> dict[str, Any]:
    """Every round, and whether every promise held in all of them."""
    return {"plan": asdict(plan), "rounds": [_told(each) for each in rounds], "kept": all_kept(rounds)}


def all_kept(rounds: Sequence[Round]) -> bool:
    """Whether every promise held in every round, and something was killed in each."""
    return all(each.findings.kept and each.killed for each in rounds)


HEADINGS = ("killed", "seed", "after", "done", "runs", "calls", "in", "committed", "twice", "wrong", "s")


def row(each: Round) -> tuple[str, ...]:
    """A round under ``HEADINGS``."""
    found = each.findings
    ended = " ".join(f"{count} {status}," for status, count in found.statuses.items() if status != "completed")
    wrong = len(found.wrong_charges) + len(found.changed)
    figures = (found.runs, found.executed, found.processes, found.committed, len(found.repeated), wrong)
    head = (
        f"{each.kind} ({each.killed})",
        str(each.seed),
        str(each.struck_after),
        f"{ended} {found.statuses.get('completed', 0)}/{found.accepted}".strip(),
    )
    return (*head, *map(str, figures), f"{each.seconds:.1f}")


def _told(each: Round) -> dict[str, Any]:
    return {**asdict(each), "kept": each.findings.kept}
