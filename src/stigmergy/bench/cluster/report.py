"""The rounds as rows of a table and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stigmergy.bench.cluster.node_round import NodeRound
from stigmergy.bench.cluster.rounds import Round
from stigmergy.deployments.local_nodes import HEAD

HEADINGS = ("round", "done", "lost or failed", "interrupted", "recovery p50", "p99", "back after", "s")


def document(rounds: Sequence[Round]) -> dict[str, Any]:
    """Every round, and whether every promise held in all of them."""
    told = [{"kind": _kind(each), **asdict(each), "kept": each.kept} for each in rounds]
    return {"rounds": told, "kept": all(each.kept for each in rounds)}


def row(each: Round) -> tuple[str, ...]:
    """A round under ``HEADINGS``."""
    if isinstance(each, NodeRound):
        done = each.findings.statuses.get("completed", 0)
        accepted, quantiles = each.findings.accepted, (each.recovery_p50_s, each.recovery_p99_s, each.back_after_s)
        waits = tuple("-" if quantile is None else f"{quantile:.2f} s" for quantile in quantiles)
        what = f"{each.node} killed ({each.replicas} replicas, {each.killed} processes)"
        figures = (f"{done}/{accepted}", str(accepted - done), str(each.interrupted), *waits)
        return (what, *figures, f"{each.seconds:.1f}")
    done = each.requests - each.failed
    return ("rollout", f"{done}/{each.requests}", str(each.failed), "-", "-", "-", "-", f"{each.seconds:.1f}")


def _kind(each: Round) -> str:
    if isinstance(each, NodeRound):
        return "head" if each.node == HEAD else "node"
    return "rollout"
