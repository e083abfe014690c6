"""Measuring systems in turns, so that what slows the machine slows all of them."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from stigmergy.bench.engine.system import STEPS, System

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """``tasks`` runs of the chain per round, ``side_by_side`` of them at a time."""

    tasks: int
    side_by_side: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """One round of one system, in milliseconds per step: on the wall, and of processor time in all threads."""

    wall_ms: float
    cpu_ms: float


Timings = Mapping[str, Sequence[Timing]]
"""The rounds of every system, in the order they were run."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the rounds' ratios and its 95 % interval."""

    low: float
    median: float
    high: float


async def timed(system: System, load: Load) -> Timing:
    """One round: every task run to its end, and all settled that follows it."""
    # What earlier rounds keep in memory is not to be looked through in this one.
    gc.collect()
    gc.freeze()
    turns = iter(range(load.tasks))
    began, began_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_one_after_another(system, turns) for _ in range(load.side_by_side)))
    await system.settle()
    steps = load.tasks * STEPS
    wall, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    return Timing(wall / steps * 1000, cpu / steps * 1000)


async def _one_after_another(system: System, turns: Iterator[int]) -> None:
    for turn in turns:
        await system.task(f"What is {turn} and {turn}?")


async def in_turns(systems: Sequence[System], load: Load, rounds: int, rng: random.Random) -> Timings:
    """All systems once per round, each time in another order; before the first one, a round that does not count."""
    found: dict[str, list[Timing]] = {system.name: [] for system in systems}
    for system in systems:
        await timed(system, load)
    for _ in range(rounds):
        for system in rng.sample(systems, len(systems)):
            found[system.name].append(await timed(system, load))
    return found


def ratio(of: Sequence[Timing], to: Sequence[Timing], rng: random.Random) -> Ratio:
    """How much ``of`` took of what ``to`` took on the wall, round by round; the interval by bootstrap over rounds."""
    each = [one.wall_ms / other.wall_ms for one, other in zip(of, to, strict=True)]
    medians = sorted(median(rng.choices(each, k=len(each))) for _ in range(_RESAMPLES))
    return Ratio(medians[int(0.025 * _RESAMPLES)], median(each), medians[int(0.975 * _RESAMPLES)])
