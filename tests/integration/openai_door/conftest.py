"""The door on a real HTTP server in this process, its language models on another, and OpenAI's own client in front."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from tests.integration.openai_door.upstream import Upstream

from stigmergy.agents.catalog import build_agent, build_model
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.keyring import key_hash
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore

KEY = "stg_test"
CONFIG = """
models:
  first: {{kind: openai_compatible, base_url: "{url}", model: first, api_key_env: null,
           price: {{per_million_output: "1"}}}}
  second: {{kind: openai_compatible, base_url: "{url}", model: second, api_key_env: null,
            price: {{per_million_output: "9"}}}}
  narrow: {{kind: openai_compatible, base_url: "{url}", model: first, api_key_env: null,
            price: {{per_million_output: "1"}}, pool: {{max_connections: 1, queue_wait_s: 0.05}}}}
  reader: {{kind: openai_compatible, base_url: "{url}", model: first, api_key_env: null,
            price: {{per_million_input: "10", per_million_cached_input: "1", per_million_output: "1"}}}}
agents:
  cheap: {{kind: llm, model: first, timeout_s: 5}}
  dear: {{kind: llm, model: second, timeout_s: 5}}
  squeezed: {{kind: llm, model: narrow, timeout_s: 5}}
  thinker: {{kind: llm, model: first, strategy: chain_of_thought, timeout_s: 5}}
  reads: {{kind: llm, model: reader, timeout_s: 5}}
  note: {{kind: scripted, replies: ["noted"], price: {{per_call: "0.001"}}}}
graphs:
  main: {{stages: [[cheap, dear]], router: cheapest}}
  two_steps: {{stages: [[note], [cheap]], router: cheapest}}
  twice: {{stages: [[cheap], [dear]], router: cheapest}}
  reading: {{stages: [[reads]], router: cheapest}}
  narrow: {{stages: [[squeezed]], router: cheapest}}
  scripted: {{stages: [[note]], router: cheapest}}
  thinking: {{stages: [[thinker]], router: cheapest}}
routers:
  cheapest: {{kind: cheapest}}
  dearest: {{kind: dearest}}
default_graph: main
engine: {{max_attempts: 1}}
breakers: {{min_samples: 1000}}
serving: {{max_in_flight: 3, retry_after_s: 2}}
tenants:
  acme: {{keys: {{a: {{hash: "{hash}"}}}}}}
  poor: {{keys: {{b: {{hash: "{poor}"}}}}, budget: {{max_calls: 1}}}}
"""


class House:
    """The served application and its runtime."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        text = CONFIG.format(url=upstream.url, hash=key_hash(KEY), poor=key_hash("stg_poor"))
        settings = settings_from(text, {})
        self.models = {name: build_model(name, config, {}) for name, config in settings.models.items()}
        agents: dict[str, Any] = {n: build_agent(n, each, self.models) for n, each in settings.agents.items()}
        self.runtime = assemble(
            settings,
            gateway=InProcessGateway(agents),
            store=MemoryStore(),
            owner="here",
            environ={},
            summarise=summarise,
            rng=random.Random(1),
        )
        self.server = uvicorn.Server(uvicorn.Config(build_api(self._living), log_level="warning", ws="none"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"

    async def idle(self) -> None:
        """Wait until no run is under way, and every one is stored."""
        while self.runtime.load:  # noqa: ASYNC110 - the runtime tells nobody when a run ends
            await asyncio.sleep(0)
        await self.runtime.direct.drain()

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[tuple[Runtime, None]]:
        await self.runtime.start()
        yield self.runtime, None
        await self.runtime.aclose()
        for model in self.models.values():
            await model.aclose()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    upstream = Upstream()
    await upstream.start()
    house = House(upstream)
    serving = asyncio.create_task(house.server.serve([house.socket]))
    yield house
    house.server.should_exit = True
    await serving
    await upstream.stop()


@pytest.fixture
async def client(house: House) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=house.url, max_retries=0) as client:
        yield client


@pytest.fixture
async def sync(house: House) -> AsyncIterator[openai.OpenAI]:
    """To be used from another thread: its server runs on the loop of the test."""
    with openai.OpenAI(api_key=KEY, base_url=house.url, max_retries=0) as client:
        yield client


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=house.url, headers=headers, timeout=10) as http:
        yield http
