"""The bench: every system asked the same in turns, and the memory of the gateway over many requests."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

from stigmergy.bench.gateway.load import Timing
from stigmergy.bench.gateway.processes import put_under_load
from stigmergy.bench.gateway.stage import Stage, served_stage
from stigmergy.bench.gateway.system import DELAYS_MS, Cell, Size, System

_LOOKS = 20
_AT_ONCE = 64
_UNLIMITED_S = 1e9

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured: cells of at most ``size`` each, ``rounds`` times; memory over ``memory_requests``, if any."""

    concurrencies: Sequence[int]
    size: Size
    rounds: int
    replicas: int
    memory_requests: int = 0
    peer_python: Path | None = None

    @property
    def cells(self) -> Iterator[Cell]:
        """All lines of the table."""
        for concurrency, delay, stream in product(self.concurrencies, DELAYS_MS, (False, True)):
            yield Cell(concurrency=concurrency, upstream_ms=delay, stream=stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system in one cell: the medians of the rounds; the slowest answer and the errors of all of them."""

    system: str
    durable: bool
    cell: Cell
    rps: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    errors: int
    first_error: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The table, and the memory of the gateway's replicas in MiB, looked at in even steps."""

    plan: Plan
    rows: Sequence[Row]
    memory_mib: Sequence[float]


def measure(plan: Plan, tell: Tell) -> Measured:
    """Run the bench; takes ports, files and processes of its own, and leaves none behind."""
    with tempfile.TemporaryDirectory(prefix="stigmergy-bench-") as folder:
        tell("starting")
        with served_stage(Path(folder), plan.replicas, plan.peer_python) as stage:
            rows = [row for cell in plan.cells for row in _rows(plan, stage.systems, cell, tell)]
            return Measured(plan, rows, _memory(plan, stage, tell))


def _rows(plan: Plan, systems: Sequence[System], cell: Cell, tell: Tell) -> Iterator[Row]:
    """Every system in one cell. They take turns, so that what slows the machine slows all of them."""
    found: list[list[Timing]] = [[] for _ in systems]
    for turn in range(plan.rounds):
        # Each round begins with another one.
        for place in (*range(turn % len(systems), len(systems)), *range(turn % len(systems))):
            tell(f"{systems[place].name}, {cell.concurrency} at once, upstream {cell.upstream_ms} ms")
            found[place].append(put_under_load(systems[place].job(cell, plan.size, uuid.uuid4().hex)))
    for system, timings in zip(systems, found, strict=True):
        yield row_of(system, cell, timings)


def row_of(system: System, cell: Cell, timings: Sequence[Timing]) -> Row:
    """The rounds of one system in one cell as a row."""

    def middle(figure: str) -> float:
        return float(median(getattr(each, figure) for each in timings))

    return Row(
        system=system.name,
        durable=system.durable,
        cell=cell,
        rps=middle("rps"),
        p50_ms=middle("p50_ms"),
        p99_ms=middle("p99_ms"),
        p999_ms=middle("p999_ms"),
        max_ms=max(each.max_ms for each in timings),
        errors=sum(each.errors for each in timings),
        first_error=next((each.first_error for each in timings if each.errors), ""),
    )


def _memory(plan: Plan, stage: Stage, tell: Tell) -> Sequence[float]:
    """What the gateway's replicas hold together, after every twentieth of the requests."""
    if not plan.memory_requests:
        return ()
    (system,) = (each for each in stage.systems if each.name == "stigmergy" and not each.durable)
    cell = Cell(concurrency=_AT_ONCE, upstream_ms=0, stream=False)
    size, found = Size(plan.memory_requests // _LOOKS, _UNLIMITED_S), [_resident_mib(stage)]
    for look in range(_LOOKS):
        tell(f"memory over {plan.memory_requests:,} requests: {look / _LOOKS:.0%}")
        put_under_load(system.job(cell, size, ""))
        found.append(_resident_mib(stage))
    return found


def _resident_mib(stage: Stage) -> float:
    return sum(process.memory_info().rss for process in stage.instance.replicas("gateway")) / 2**20
