"""A platform in which the cheap agent is always right, and policies that know it or have it the wrong way round."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Budget, Episode, Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.learning.estimators.training import train_arms_on
from stigmergy.platform.learning.evaluation.log_reading import Attempts
from stigmergy.platform.policies.desk import PolicyDesk
from stigmergy.platform.policy_records import NewPolicy, PolicyRecord
from stigmergy.platform.ports import Store
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store import open_store
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.estimators.artifact import save_arms
from stigmergy.testing import EPOCH, FakeClock

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  dear: {kind: scripted, replies: ["5"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[cheap, dear]], router: picks, evaluator: {kind: exact}}
routers:
  picks: {kind: random}
"""
DOCUMENT = {"kind": "estimator", "price": 0.0, "selection": {"kind": "epsilon", "epsilon": 0.1}}
NO_LIMIT = Budget()
GOOD = {"cheap": 0.9, "dear": 0.1}
BAD = {"cheap": 0.1, "dear": 0.9}


class Site:
    """A runtime in this process, and what is asked of it."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        settings = settings_from(CONFIG, {})
        self.runtime: Runtime = assemble(
            settings,
            gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
            store=store,
            owner="here",
            environ={},
            summarise=lambda ran: "{}",
            clock=FakeClock(),
            rng=random.Random(1),
        )
        self.asked = 0

    @property
    def desk(self) -> PolicyDesk:
        return self.runtime.policies.desk

    def artifact(self, quality: Mapping[str, float]) -> bytes:
        """The bytes of an estimator that expects these qualities."""
        path = self.folder / "arms.npz"
        trained = train_arms_on("best_per_task", attempts(quality))
        save_arms(path, trained.model, trained.origin)
        return path.read_bytes()

    async def register(self, quality: Mapping[str, float] = GOOD, router: str = "picks") -> PolicyRecord:
        policy = NewPolicy(router=router, document=DOCUMENT, fingerprint="")
        return await self.desk.register(policy, self.artifact(quality))

    async def ask(self, tasks: int, reference: str = "4", budget: Budget = NO_LIMIT) -> list[Episode]:
        """Run tasks to their end; returns their episodes, judged."""
        first, self.asked = self.asked, self.asked + tasks
        ids = [f"t{number}" for number in range(first, self.asked)]
        for each in ids:
            text = f"2+2 {each}?"
            task = Task(id=each, text=text, graph="sums", router="picks", reference=reference, created_at=EPOCH)
            task = replace(task, budget=budget)
            await self.runtime.desk.accept(task, each)
        while self.runtime.desk.in_flight:  # noqa: ASYNC110 -- nobody tells when the last one has ended
            await asyncio.sleep(0)
        await self.runtime.debrief.drain()
        await self.runtime.policies.service.drain()
        records = [await self.runtime.store.tasks.get(each) for each in ids]
        return [await self.runtime.store.episodes.get(str(record.episode_id)) for record in records]

    async def look(self) -> None:
        """What every process does twice a second."""
        await self.runtime.policies.service.look()


def attempts(quality: Mapping[str, float]) -> Attempts:
    """A log in which every agent does equally well on every query."""
    rows = [(f"q{number}", agent, score) for number in range(8) for agent, score in quality.items()]
    texts = {
        name: np.array(column, dtype=object)
        for name, column in {
            "query_id": [query for query, _, _ in rows],
            "task": ["sum" for _ in rows],
            "query": [f"{query}+2" for query, _, _ in rows],
            "model": [agent for _, agent, _ in rows],
            "split": ["train" for _ in rows],
        }.items()
    }
    scores = np.array([score for _, _, score in rows])
    return Attempts(**texts, score=scores, cost=np.full(len(rows), 0.001), files={"log": "0"})


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path, MemoryStore())
    await made.runtime.start()
    yield made
    await made.runtime.aclose()


@pytest.fixture
async def site_on_sqlite(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path, open_store(f"sqlite:///{tmp_path / 'site.db'}"))
    await made.runtime.start()
    yield made
    await made.runtime.aclose()
