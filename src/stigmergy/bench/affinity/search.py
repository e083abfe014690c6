"""The highest load that is within the limit, found with few probes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stigmergy.bench.affinity.probe import Probe


@dataclass(frozen=True, slots=True)
class Search:
    """The probes, in the order in which they were made."""

    probes: Sequence[Probe]

    @property
    def best(self) -> Probe | None:
        """The highest load within the limit; None where even the lowest was not."""
        return max((each for each in self.probes if each.kept), key=lambda probe: probe.rate, default=None)


def ladder(lowest: float, step: float, rungs: int) -> Sequence[float]:
    """Loads, each ``step`` times the one before."""
    return [lowest * step**rung for rung in range(rungs)]


def highest_kept(loads: Sequence[float], probe: Callable[[float], Probe]) -> Search:
    """Halve the ascending loads until two neighbours are left, of which one is within the limit and one is not."""
    probes: list[Probe] = []
    below, above = -1, len(loads)
    while above - below > 1:
        middle = (below + above) // 2
        probes.append(probe(loads[middle]))
        below, above = (middle, above) if probes[-1].kept else (below, middle)
    return Search(probes)
