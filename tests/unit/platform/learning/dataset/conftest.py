"""A store that a workbench run filled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.domain import Budget, Task
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import assemble
from stigmergy.platform.settings import load_settings
from stigmergy.platform.store import open_store
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.testing import EPOCH, FakeClock

Fill: TypeAlias = Callable[[Path, int, int], None]
"""Path of the database, seed of the tasks, how many."""


async def _run(path: Path, seed: int, count: int) -> None:
    settings = load_settings(WORKBENCH, {})
    clock = FakeClock()
    runtime = assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, config, {}) for name, config in settings.agents.items()}),
        store=open_store(f"sqlite:///{path}"),
        owner="here",
        environ={},
        summarise=lambda ran: "{}",
        clock=clock,
        rng=random.Random(seed),
    )
    await runtime.start()
    for number, made in enumerate(generate_tasks(seed, count)):
        task = Task(
            id=f"t{seed}-{number}",
            text=made.text,
            graph="workbench",
            router="random",
            reference=made.reference,
            created_at=EPOCH + timedelta(seconds=number),
            budget=Budget(max_usd=Decimal("0.0008")) if number % 2 else Budget(),
        )
        await runtime.desk.accept(task, task.id)
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    await runtime.aclose()


@pytest.fixture(scope="session")
def fill() -> Fill:
    return lambda path, seed, count: asyncio.run(_run(path, seed, count))


@pytest.fixture(scope="session")
def graph() -> AgentGraph:
    return load_settings(WORKBENCH, {}).build_graphs()["workbench"]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> bytes:
    """A database with 40 episodes, as bytes."""
    path = tmp_path_factory.mktemp("dataset") / "store.db"
    fill(path, 1, 40)
    return _whole(path)


def _whole(path: Path) -> bytes:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")  # so that the file alone is the database
    connection.close()
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path, filled: bytes) -> Path:
    path = tmp_path / "store.db"
    path.write_bytes(filled)
    return path
