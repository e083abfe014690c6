"""How long tasks stood still whose process was killed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from stigmergy.bench.chaos.work import Execution


def recoveries(executed: Sequence[Execution], dead: Collection[int], struck_at: float) -> list[float]:
    """Of every task whose last call before ``struck_at`` was in a ``dead`` process: seconds until its next call.

    A task that had no call left to make is not among them.
    """
    last: dict[str, Execution] = {}
    found: dict[str, float] = {}
    for each in sorted(executed, key=lambda execution: execution.at):
        episode = each.step.partition("/")[0]
        if each.at <= struck_at:
            last[episode] = each
        elif episode in last and last[episode].pid in dead and each.pid not in dead:
            found.setdefault(episode, each.at - struck_at)
    return sorted(found.values())


def p50_and_p99(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    """Both quantiles; None of nothing."""
    if not seconds:
        return None, None
    p50, p99 = np.percentile(seconds, (50, 99))
    return float(p50), float(p99)
