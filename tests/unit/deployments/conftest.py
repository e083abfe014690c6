"""A configuration with routers of several kinds, served over HTTP in this process."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn

from stigmergy.agents.catalog import build_agent
from stigmergy.client import AsyncClient
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.learning.estimators.training import train_arms
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import load_settings
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.estimators.artifact import save_arms

ROUTERS = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  dear: {kind: scripted, replies: ["4"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[cheap, dear]], router: cheapest, routers: [learnt, ants]}
  open: {stages: [[cheap, dear]], router: learnt}
routers:
  cheapest: {kind: cheapest}
  learnt: {kind: estimator, artifact: arms.npz, price: 0.0, selection: {kind: greedy}}
  ants: {kind: ant_colony, heuristic: {price: 0.5}}
  dearest: {kind: dearest}
coordination: {reload_s: 0.05}
"""


def write_log(folder: Path, quality: Mapping[str, float]) -> Path:
    """A log in which every agent does equally well on every query, the second one at ten times the cost."""
    rows = [
        {"query_id": f"q{n}", "task": "sum", "query": f"{n}+2", "model": agent, "score": score, "cost_usd": cost}
        for n in range(8)
        for (agent, score), cost in zip(quality.items(), (0.001, 0.01), strict=True)
    ]
    log = folder / "log.parquet"
    pq.write_table(pa.Table.from_pylist(rows), log)
    return log


class Served:
    """The served application and what is behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "site.yaml").write_text(ROUTERS)
        settings = load_settings(folder / "site.yaml", {})
        self.runtime = assemble(
            settings,
            gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
            store=MemoryStore(),
            owner="here",
            environ={},
            summarise=summarise,
            rng=random.Random(1),
        )
        app = build_api(self._living)
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def log(self, quality: Mapping[str, float]) -> Path:
        return write_log(self.folder, quality)

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[tuple[Runtime, None]]:
        await self.runtime.start()
        yield self.runtime, None
        await self.runtime.aclose()


@pytest.fixture(scope="session", autouse=True)
def servers_end_when_told() -> Iterator[None]:
    """uvicorn looks ten times a second whether it shall end, and then waits for a tenth of a second in any case."""
    hurried = SimpleNamespace(**vars(asyncio) | {"sleep": lambda delay_s: asyncio.sleep(delay_s / 20)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uvicorn.server.asyncio", hurried)
        yield


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """``learnt`` holds that dear does better by a fifth, at ten times the cost of cheap."""
    trained = train_arms("best_per_task", write_log(tmp_path, {"cheap": 0.7, "dear": 0.9}))
    save_arms(tmp_path / "arms.npz", trained.model, trained.origin)
    served = Served(tmp_path)
    serving = asyncio.create_task(served.server.serve([served.socket]))
    yield served
    served.server.should_exit = True
    await serving


@pytest.fixture
async def asking(served: Served) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(served.url, timeout_s=10) as client:
        yield client
