"""The platform of one process with the two models as its agents, and a router for every way to choose one."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stigmergy.agents.catalog import build_agent
from stigmergy.agents.models.nano.network import SizeName
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.bench.nano.models import Kept
from stigmergy.domain import Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.coordination import Coordination
from stigmergy.platform.engine import Ran
from stigmergy.platform.runtime import Runtime, assemble, built_models, trail_sharers
from stigmergy.platform.settings.loading import settings_from
from stigmergy.platform.store.memory import MemoryStore

SMALL: Final = "always-small"
LARGE: Final = "always-large"
RANDOM: Final = "random"
ANTS: Final = "ant_colony"
_AT_ONCE: Final = 16
_TICK_EPISODES: Final = 25
_GRAPH: Final = "nano"
_ESTIMATOR_PRICE: Final = 0.1
_CAPS: Final = {"max_input_tokens": 256, "max_output_tokens": 24}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one task: quality in [0, 1], what was paid, and the model that answered, if one did."""

    quality: float
    usd: float
    model: str


def configuration(
    models: Mapping[SizeName, Kept], artifacts: Mapping[str, Path], examples: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """A configuration file as JSON: each model with its agent, one graph that offers the choice, the routers.

    Args:
        models: by size; a model's name, its agent's and its node's are the same.
        artifacts: trained estimators by the name of their router.
        examples: queries by task type, which the ant colony keeps its trails by.
    """
    greedy = {"selection": {"kind": "greedy"}}
    estimators = {
        name: {"kind": "estimator", "artifact": str(path), "price": _ESTIMATOR_PRICE, **greedy}
        for name, path in artifacts.items()
    }
    return {
        "models": {size: _model(kept) for size, kept in models.items()},
        "agents": {size: {"kind": "llm", "model": size, "caps": _CAPS, "timeout_s": 60} for size in models},
        "graphs": {_GRAPH: {"stages": [list(models)], "router": RANDOM, "evaluator": {"kind": "workbench"}}},
        "routers": {
            SMALL: {"kind": "fixed_path", "route": ["small"]},
            LARGE: {"kind": "fixed_path", "route": ["large"]},
            RANDOM: {"kind": "random"},
            ANTS: {"kind": "ant_colony"},
            **estimators,
        },
        "learning": {"examples": examples},
    }


def _model(kept: Kept) -> dict[str, Any]:
    price = {"per_million_input": kept.usd_per_million, "per_million_output": kept.usd_per_million}
    return {"kind": "nano", "path": str(kept.folder), "price": price, "limits": {"max_batch": _AT_ONCE}}


class Stage:
    """A running platform that tasks are put to."""

    def __init__(self, runtime: Runtime, ended: dict[str, Ran]) -> None:
        self._runtime, self._ended = runtime, ended
        colonies = {router.colony: router for router in trail_sharers(runtime.routers)}
        self._coordination = Coordination(runtime.health, colonies, _TICK_EPISODES)

    async def run(self, router: str, tasks: Sequence[WorkbenchTask]) -> list[Answered]:
        """The tasks with one router, 16 at a time. Their references stay here: nothing can be learnt from them."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def one(task: WorkbenchTask) -> Answered:
            async with free:
                return _answered(task, await self._run(task, router, None))

        return list(await asyncio.gather(*map(one, tasks)))

    async def teach(self, router: str, tasks: Sequence[WorkbenchTask]) -> None:
        """The tasks with one router, with their references: the router learns from every few as in production."""
        for start in range(0, len(tasks), _AT_ONCE):
            some = tasks[start : start + _AT_ONCE]
            await asyncio.gather(*(self._run(task, router, task.reference) for task in some))
            await self._runtime.debrief.drain()
            if report := self._runtime.reporter.report():
                self._coordination.take(report)
                self._runtime.reporter.adopt(self._coordination.snapshot())

    async def _run(self, task: WorkbenchTask, router: str, reference: str | None) -> Ran:
        asked = Task(
            id=f"task_{uuid.uuid4().hex}",
            text=task.text,
            graph=_GRAPH,
            router=router,
            reference=reference,
            created_at=self._runtime.clock.now(),
        )
        await self._runtime.desk.accept(asked, "")
        await self._runtime.desk.finished(asked.id)
        return self._ended.pop(asked.id)


def _answered(task: WorkbenchTask, ran: Ran) -> Answered:
    episode = ran.episode
    return Answered(
        check_answer(task.reference, episode.answer),
        float(episode.charged_usd),
        episode.route[-1] if episode.route else "",
    )


@asynccontextmanager
async def on_stage(document: Mapping[str, Any], seed: int) -> AsyncIterator[Stage]:
    """The platform of a configuration, its store in memory, for as long as the block lasts."""
    settings, ended = settings_from(json.dumps(document), {}, "nano bench"), dict[str, Ran]()

    def keep(ran: Ran) -> str:
        ended[ran.task.id] = ran
        return "{}"

    models = built_models(settings, {})
    agents = {name: build_agent(name, config, models) for name, config in settings.agents.items()}
    runtime = assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=MemoryStore(),
        owner="bench",
        environ={},
        models=models,
        summarise=keep,
        rng=random.Random(seed),
    )
    await runtime.start()
    try:
        yield Stage(runtime, ended)
    finally:
        await runtime.aclose()
        for model in models.values():
            await model.aclose()
