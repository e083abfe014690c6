"""What is promised of the gateway, and what was measured of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stigmergy.bench.gateway.measure import Measured, Row

_AT_ONCE = 64
_LEVELS_OFF_AFTER = 2
"""Half of the requests may fill caches that have a limit; what is added in the other half is a leak."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise: ``value`` may be at most, or has to be at least, ``limit``."""

    promise: str
    value: float
    limit: float
    at_most: bool

    @property
    def held(self) -> bool:
        """Whether it was kept."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def bars(measured: Measured) -> Iterator[Bar]:
    """Every promise that the cells which were measured speak of."""
    rows = measured.rows
    one = {each.system: each for each in rows if _is_plain(each, 1)}
    many = {each.system: each for each in rows if _is_plain(each, _AT_ONCE)}
    if one:
        yield Bar("added p50 at 1, ms", _added(one["stigmergy"], one["direct"]), 1.0, at_most=True)
    if many:
        yield Bar("requests/s at 64", many["stigmergy"].rps, 1000.0, at_most=False)
    if "litellm" in one:
        share = _added(one["stigmergy"], one["direct"]) / _added(one["litellm"], one["direct"])
        yield Bar("added p50 at 1, share of LiteLLM's", share, 0.2, at_most=True)
    if "litellm" in many:
        times = many["stigmergy"].rps / many["litellm"].rps
        yield Bar("requests/s at 64, times LiteLLM's", times, 5.0, at_most=False)
    yield Bar("longest stall (p99.9 above p50), ms", _stall(rows), 100.0, at_most=True)
    yield Bar(
        "answers that were none", sum(each.errors for each in rows if each.system == "stigmergy"), 0, at_most=True
    )
    if measured.memory_mib:
        yield Bar("memory in the second half, added share", _growth(measured.memory_mib), 0.05, at_most=True)


def _is_plain(row: Row, concurrency: int) -> bool:
    cell = row.cell
    return not (row.durable or cell.upstream_ms or cell.stream) and cell.concurrency == concurrency


def _added(row: Row, direct: Row) -> float:
    return row.p50_ms - direct.p50_ms


def _stall(rows: Sequence[Row]) -> float:
    """In a closed loop the median is what waiting for one's turn takes; a stall is what comes on top of it."""
    ours = (each for each in rows if each.system == "stigmergy" and not each.durable)
    return max(each.p999_ms - each.p50_ms for each in ours)


def _growth(memory_mib: Sequence[float]) -> float:
    middle = memory_mib[len(memory_mib) // _LEVELS_OFF_AFTER]
    return memory_mib[-1] / middle - 1
