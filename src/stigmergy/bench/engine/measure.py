"""The bench: every system opened, measured one task at a time and side by side, and closed."""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from stigmergy.bench.engine.dbos_peer import dbos_on_sqlite
from stigmergy.bench.engine.langgraph_peer import in_memory, on_sqlite, without_checkpoints
from stigmergy.bench.engine.ours import stigmergy
from stigmergy.bench.engine.postgres import running_postgres
from stigmergy.bench.engine.rounds import Load, Ratio, Timings, in_turns, ratio
from stigmergy.bench.engine.system import System

COMPARED = (
    ("stigmergy_memory", "langgraph_none"),
    ("stigmergy_memory", "langgraph_memory"),
    ("stigmergy_sqlite", "langgraph_sqlite"),
    ("stigmergy_sqlite", "langgraph_sqlite_sync"),
    ("stigmergy_sqlite", "dbos_sqlite"),
)
"""Which system's time is shown as a share of which other's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. ``seed`` orders the systems within rounds and draws the intervals."""

    rounds: int
    alone: Load
    crowd: Load
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds of all systems, and what their figures mean."""

    plan: Plan
    alone: Timings
    crowd: Timings
    settings: Mapping[str, Mapping[str, str]]


async def measure(plan: Plan) -> Measured:
    """Run the bench; takes ports, files and processes of its own, and leaves none behind."""
    rng = random.Random(plan.seed)
    async with _opened() as systems:
        alone = await in_turns(systems, plan.alone, plan.rounds, rng)
        crowd = await in_turns(systems, plan.crowd, plan.rounds, rng)
    return Measured(plan, alone, crowd, {system.name: system.settings for system in systems})


def ratios(timings: Timings, seed: int) -> dict[str, Ratio]:
    """``COMPARED``, each as ``one/other``."""
    rng = random.Random(seed)
    return {f"{one}/{other}": ratio(timings[one], timings[other], rng) for one, other in COMPARED}


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[System, ...]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stigmergy-bench-")))
        postgres = stack.enter_context(running_postgres())
        sqlite = "SQLite, journal_mode=wal, synchronous=NORMAL"
        yield (
            await stack.enter_async_context(stigmergy("stigmergy_memory", "memory://", "memory")),
            await stack.enter_async_context(stigmergy("stigmergy_sqlite", f"sqlite:///{folder}/ours.db", sqlite)),
            await stack.enter_async_context(stigmergy("stigmergy_postgres", postgres.url, postgres.kept)),
            without_checkpoints(),
            in_memory(),
            *await stack.enter_async_context(on_sqlite(folder)),
            stack.enter_context(dbos_on_sqlite(folder)),
        )
