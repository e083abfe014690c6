"""The engine of this platform, put together as a gateway has it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.catalog import build_agent
from stigmergy.agents.runners import SharedRunners
from stigmergy.bench.engine.system import NAMES, System
from stigmergy.deployments.views import summarise
from stigmergy.domain import Status, Task
from stigmergy.errors import StigmergyError
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.clock import SystemClock
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings
from stigmergy.platform.settings.loading import settings_from
from stigmergy.platform.store.open import open_store

_AGENT: Final = (
    "{kind: tool, callable: 'stigmergy.bench.engine.ours:step', takes: request, runs: loop, price: {per_call: '0.001'}}"
)
_CONFIGURATION: Final = f"""
agents: {{{", ".join(f"{name}: {_AGENT}" for name in NAMES)}}}
graphs:
  chain: {{stages: [{", ".join(f"[{name}]" for name in NAMES)}], router: cheapest, budget: {{max_usd: '1'}}}}
routers:
  cheapest: {{kind: cheapest}}
"""

_WHEN: Final = "the task committed before it runs, all events before the next call, the last ones with the end"


def step(request: Request) -> Reply:
    """The program of every agent of the chain: it hands the text on."""
    return Reply(text=request.text)


@asynccontextmanager
async def stigmergy(name: str, store_url: str, kept: str) -> AsyncIterator[System]:
    """The whole platform of one process over a store; ``kept`` says how safely that keeps what is committed."""
    settings = settings_from(_CONFIGURATION, {}, "engine bench")
    runners = SharedRunners()
    runtime = _runtime(settings, runners, store_url)
    await runtime.start()
    try:
        yield System(
            name=name,
            task=_Door(runtime).task,
            settle=runtime.debrief.drain,
            settings={
                "runs": "desk, cheapest router, mask, ledger, time limits, health, live events, hash-chained journal",
                "durability": f"{kept}; {_WHEN}",
            },
        )
    finally:
        await runtime.aclose()
        await runners.aclose()


def _runtime(settings: Settings, runners: SharedRunners, store_url: str) -> Runtime:
    agents = {name: build_agent(name, config, {}, runners) for name, config in settings.agents.items()}
    return assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=open_store(store_url),
        owner="bench",
        environ={},
        summarise=summarise,
    )


class _Door:
    """Tasks in, as the HTTP doors hand them in."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clock = SystemClock()
        self._budget = runtime.settings.graphs["chain"].budget.budget()

    async def task(self, text: str) -> None:
        """Run one task to its end.

        Raises:
            StigmergyError: it did not come to the good end that the chain leads to.
        """
        task = Task(
            id=f"task_{uuid.uuid4().hex}",
            text=text,
            graph="chain",
            router="cheapest",
            budget=self._budget,
            created_at=self._clock.now(),
        )
        await self._runtime.desk.accept(task, "")
        record = (await self._runtime.desk.finished(task.id)).record
        if record.status is not Status.COMPLETED:
            raise StigmergyError(f"the chain ended as {record.status}: {record.reason}")
