"""One round: tasks come in, something is killed in the middle of them, and everything is looked at in the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stigmergy.bench.chaos.findings import Findings, look
from stigmergy.bench.chaos.load import Load, Sending, ends
from stigmergy.bench.chaos.stage import STEPS, Stage, served_stage
from stigmergy.bench.chaos.strikes import STRIKES
from stigmergy.bench.chaos.work import NOTES, SECONDS, executions
from stigmergy.client import Client
from stigmergy.platform.store import open_existing

_STRIKES_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.01
_SETTLED_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``rounds`` of each kind, each with a seed of its own, counted from ``seed``."""

    rounds: int
    seed: int
    kinds: Sequence[str] = tuple(STRIKES)
    tasks: int = 120
    work_s: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What was killed when, and what was found."""

    kind: str
    seed: int
    struck_after: int
    """Calls of agents that had begun when it struck."""
    killed: int
    seconds: float
    findings: Findings


def run(plan: Plan, folder: Path) -> Iterator[Round]:
    """All rounds on one stage, each as it ends."""
    with served_stage(folder) as stage, Client(stage.url) as client:
        seed = plan.seed
        for _ in range(plan.rounds):
            for kind in plan.kinds:
                yield _round(plan, stage, client, kind, seed)
                seed += 1


def _round(plan: Plan, stage: Stage, client: Client, kind: str, seed: int) -> Round:
    rng = random.Random(seed)
    began, notes = time.monotonic(), stage.folder / f"{kind}-{seed}.jsonl"
    load = Load(f"{kind}-{seed}", plan.tasks, {NOTES: str(notes), SECONDS: str(plan.work_s)})
    sending = Sending(client, load)
    struck_after = rng.randrange(plan.tasks, (len(STEPS) - 1) * plan.tasks)
    wait_for(notes, struck_after)
    killed = STRIKES[kind](stage, rng)
    ids = sending.accepted()
    ends(client, ids)
    return Round(
        kind=kind,
        seed=seed,
        struck_after=struck_after,
        killed=killed,
        seconds=time.monotonic() - began,
        findings=asyncio.run(settled(stage.database.url, ids, notes)),
    )


def wait_for(notes: Path, count: int) -> None:
    """Wait until so many calls have begun; strike all the same when they do not come."""
    until = time.monotonic() + _STRIKES_WITHIN_S
    while len(executions(notes)) < count and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)


async def settled(database: str, ids: Sequence[str], notes: Path) -> Findings:
    """What is found once the last episode is stored, which may come after its task has ended."""
    store = open_existing(database)
    try:
        until = time.monotonic() + _SETTLED_WITHIN_S
        while True:
            found = await look(store, ids, executions(notes))
            if found.kept or time.monotonic() > until:
                return found
            await asyncio.sleep(1)
    finally:
        await store.aclose()
