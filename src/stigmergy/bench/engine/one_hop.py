"""What the platform itself costs for one direct run of one hop: all but the door, the wire and the model."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from stigmergy.agents.base import Request
from stigmergy.agents.catalog import build_agent
from stigmergy.agents.models.base import NO_OPTIONS, Completion, Messages, TokenCount
from stigmergy.agents.runners import SharedRunners
from stigmergy.bench.gateway.stage import bench_settings
from stigmergy.bench.gateway.system import delayed_model
from stigmergy.deployments.views import summarise
from stigmergy.domain import Message, ModelOptions, Price, Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.store.open import open_store

_GRAPH: Final = delayed_model(0)
_COMPLETION: Final = Completion("The answer is forty-two and nobody asked why", TokenCount(12, 8))
_CROWD: Final = 64


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time per run: in the event loop's thread, and in all threads."""

    loop_ms: float
    all_ms: float


@dataclass(frozen=True, slots=True)
class OneHop:
    """The costs of runs, ``side_by_side`` of them at a time, and of the same agent called without the platform."""

    side_by_side: int
    run: Cost
    agent: Cost

    @property
    def engine_ms(self) -> float:
        """The platform's share in all threads."""
        return self.run.all_ms - self.agent.all_ms


class CannedModel:
    """A language model that costs nothing."""

    name = "canned"
    price: Price | None = Price(per_million_input=Decimal("0.15"), per_million_output=Decimal("0.6"))

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """Always the same, after everybody else had a turn: a model's answer is always waited for."""
        del messages, max_output_tokens, temperature, timeout_s, seed, options
        await asyncio.sleep(0)
        return _COMPLETION

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class OneHopStage:
    """The graph of the gateway's bench over a store, in this process."""

    runtime: Runtime
    gateway: InProcessGateway

    async def run(self, turn: int) -> None:
        """One direct run, as the OpenAI door has it done; every text is a new one."""
        await self.runtime.direct.run(self._task(turn))

    async def agent(self, turn: int) -> None:
        """What such a run asks of its agent."""
        task = self._task(turn)
        asked = Request(text=task.text, messages=task.messages, step_key=task.id, timeout_s=30.0)
        await self.gateway.call("small-0", asked)

    async def settle(self) -> None:
        """Wait until every run is stored and learnt from."""
        await self.runtime.direct.drain()
        await self.runtime.debrief.drain()

    def _task(self, turn: int) -> Task:
        text = f"What is {turn} times seven, and who wants to know?"
        return Task(
            id=f"task_{uuid.uuid4().hex}",
            text=text,
            messages=(Message("user", text),),
            graph=_GRAPH,
            router="colony",
            budget=self.runtime.settings.graphs[_GRAPH].budget.budget(),
            created_at=self.runtime.clock.now(),
        )


@asynccontextmanager
async def one_hop_stage(store_url: str) -> AsyncIterator[OneHopStage]:
    """Start the platform of one process, and close it in the end."""
    settings = bench_settings(1, 1, 1, store_url)
    runners = SharedRunners()
    models = {name: CannedModel() for name in settings.models}
    agents = {name: build_agent(name, config, models, runners) for name, config in settings.agents.items()}
    gateway = InProcessGateway(agents)
    runtime = assemble(
        settings,
        gateway=gateway,
        store=open_store(store_url, settings.store.durability),
        owner="bench",
        environ={},
        models=models,
        summarise=summarise,
    )
    await runtime.start()
    try:
        yield OneHopStage(runtime, gateway)
    finally:
        await runtime.aclose()
        await runners.aclose()


async def one_hop_costs(runs: int, rounds: int) -> tuple[OneHop, ...]:
    """One run at a time and 64 side by side, over SQLite: the cheapest of so many rounds of ``runs`` runs each.

    What else runs on the machine only ever adds processor time, by what it takes out of the caches.
    """
    with tempfile.TemporaryDirectory(prefix="stigmergy-bench-") as folder:
        async with one_hop_stage(f"sqlite:///{folder}/hop.db") as stage:
            return tuple([await _one_hop(stage, runs, rounds, crowd) for crowd in (1, _CROWD)])


async def _one_hop(stage: OneHopStage, runs: int, rounds: int, side_by_side: int) -> OneHop:
    found: dict[str, list[Cost]] = {"run": [], "agent": []}
    for turn in range(1 + rounds):
        first = turn * runs
        for name, once in (("run", stage.run), ("agent", stage.agent)):
            cost = await cost_of(once, stage.settle, range(first, first + runs), side_by_side)
            if turn:
                found[name].append(cost)
    run, agent = (min(costs, key=lambda cost: cost.all_ms) for costs in found.values())
    return OneHop(side_by_side, run, agent)


async def cost_of(
    once: Callable[[int], Awaitable[None]], settle: Callable[[], Awaitable[None]], turns: range, side_by_side: int
) -> Cost:
    """Each of the turns once, so many at a time, and all that follows from it."""
    gc.collect()
    gc.freeze()
    waiting = iter(turns)
    began, began_here = time.process_time(), time.thread_time()
    await asyncio.gather(*(_one_after_another(once, waiting) for _ in range(side_by_side)))
    await settle()
    here, everywhere = time.thread_time() - began_here, time.process_time() - began
    return Cost(here / len(turns) * 1000, everywhere / len(turns) * 1000)


async def _one_after_another(once: Callable[[int], Awaitable[None]], turns: Iterator[int]) -> None:
    for turn in turns:
        await once(turn)
