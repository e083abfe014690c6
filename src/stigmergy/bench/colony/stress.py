"""The same tasks one after the other and all at once, through the real engine, with learning on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from stigmergy.agents.catalog import build_agent
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.domain import Episode, Status, Task
from stigmergy.graphs.pheromones import Trails
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.coordination import Coordination
from stigmergy.platform.learning.evaluation.bootstrap import Interval, interval, query_weights
from stigmergy.platform.runtime import Runtime, assemble, trail_sharers
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.memory import MemoryStore

_TIMEOUT_S: Final = 120.0
"""Of an agent's call. With a thousand tasks on one loop a call waits for its turn longer than it works."""
_SAMPLES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How a set of tasks went: ``quality`` per task; ``learnt`` counts the episodes that the colony took in."""

    quality: tuple[float, ...]
    completed: int
    reroutes: int
    learnt: int
    seconds: float

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        counts = {name: getattr(self, name) for name in ("completed", "reroutes", "learnt", "seconds")}
        return {"quality": float(np.mean(self.quality)), "tasks": len(self.quality), **counts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """Both runs, and the difference in mean quality, concurrent less sequential, paired by task."""

    sequential: Load
    concurrent: Load
    difference: Interval

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        found = self.difference
        return {
            "sequential": self.sequential.document(),
            "concurrent": self.concurrent.document(),
            "difference": {"mean": found.mean, "low": found.low, "high": found.high},
        }


async def stress(settings: Settings, router: str, tasks: Sequence[WorkbenchTask], trails: Trails, seed: int) -> Stress:
    """Run the tasks twice, each time by a colony that begins from the same trails and learns as it goes."""
    sequential = await run_load(settings, router, tasks, trails, seed, at_once=1)
    concurrent = await run_load(settings, router, tasks, trails, seed, at_once=len(tasks))
    paired = np.array(concurrent.quality) - np.array(sequential.quality)
    drawn = query_weights(len(paired), _SAMPLES, seed) @ paired / len(paired)
    difference = interval(drawn)
    if difference is None:
        raise ValueError("a quality is not finite")
    return Stress(sequential=sequential, concurrent=concurrent, difference=difference)


async def run_load(
    settings: Settings, router: str, tasks: Sequence[WorkbenchTask], trails: Trails, seed: int, *, at_once: int
) -> Load:
    """Run the tasks, ``at_once`` of them side by side. Episodes are judged and learnt from in the background."""
    async with _living(_roomy(settings, router, at_once), trails, seed) as runtime:
        began, room = time.monotonic(), asyncio.Semaphore(at_once)
        runs = (_run(runtime, _task(router, settings.main_graph, *each), room) for each in enumerate(tasks))
        episodes = await asyncio.gather(*runs)
        seconds = time.monotonic() - began
        await runtime.debrief.drain()
        known = trails.total.episodes
        learnt = sum(each.trails.total.episodes - known for each in trail_sharers(runtime.routers))
    return Load(
        quality=tuple(check_answer(task.reference, each.answer) for task, each in zip(tasks, episodes, strict=True)),
        completed=sum(each.status is Status.COMPLETED for each in episodes),
        reroutes=sum(each.reroutes for each in episodes),
        learnt=learnt,
        seconds=seconds,
    )


def _roomy(settings: Settings, router: str, at_once: int) -> Settings:
    """One router, room for all, and patience: what is measured is learning under load, not this machine's pace."""
    return replace(
        settings,
        routers={router: settings.routers[router]},
        agents={name: replace(agent, timeout_s=_TIMEOUT_S) for name, agent in settings.agents.items()},
        engine=replace(settings.engine, max_running=at_once),
    )


@asynccontextmanager
async def _living(settings: Settings, trails: Trails, seed: int) -> AsyncIterator[Runtime]:
    """A runtime whose colony begins from ``trails``, with the rounds of a coordinator beside it."""
    environ: Mapping[str, str] = {}
    runtime = assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
        store=MemoryStore(),
        owner="bench",
        environ=environ,
        summarise=lambda _ran: "{}",
        rng=random.Random(seed),
    )
    sharers = {each.colony: each for each in trail_sharers(runtime.routers)}
    for sharer in sharers.values():
        sharer.adopt(trails)
    rhythm = settings.coordination
    rounds = asyncio.create_task(_rounds(runtime, Coordination(runtime.health, sharers, rhythm.tick_episodes)))
    await runtime.start()
    try:
        yield runtime
    finally:
        rounds.cancel()
        await asyncio.gather(rounds, return_exceptions=True)
        await runtime.aclose()


async def _rounds(runtime: Runtime, coordination: Coordination) -> None:
    while True:
        await asyncio.sleep(runtime.settings.coordination.report_s)
        report = runtime.reporter.report()
        if report is not None:
            coordination.take(replace(report, calls=()))
            runtime.reporter.adopt(coordination.snapshot())


async def _run(runtime: Runtime, task: Task, room: asyncio.Semaphore) -> Episode:
    async with room:
        await runtime.desk.accept(task, task.id)
        answered = await runtime.desk.finished(task.id)
    if answered.ran is None:
        raise TypeError(f"task {task.id} did not run in this process")
    return answered.ran.episode


def _task(router: str, graph: str, place: int, task: WorkbenchTask) -> Task:
    return Task(
        id=f"task-{place}",
        text=task.text,
        graph=graph,
        router=router,
        reference=task.reference,
        created_at=datetime.now(UTC),
    )
