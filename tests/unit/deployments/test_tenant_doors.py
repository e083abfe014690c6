"""Tenants at the doors: who may enter, what they see, and what happens when their budget ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.catalog import build_agent
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.keyring import key_hash, new_key
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore

ACME, SECOND, UMBRELLA = new_key(), new_key(), new_key()
CAPS = "caps: {max_input_tokens: 100, max_output_tokens: 100}"
CONFIG = f"""
agents:
  quick: {{kind: scripted, replies: ["4"], price: {{per_call: "0.01"}}, {CAPS}}}
  met: {{kind: scripted, replies: ["4", "4"], price: {{per_call: "0.01"}}, {CAPS}}}
  better: {{kind: scripted, replies: ["four"], price: {{per_call: "0.02"}}, {CAPS}}}
graphs:
  sums: {{stages: [[quick]], router: cheapest}}
  long: {{stages: [[met], [better]], router: cheapest}}
routers:
  cheapest: {{kind: cheapest}}
default_graph: sums
serving: {{host: 0.0.0.0}}
tenants:
  acme:
    budget: {{max_usd: "0.05"}}
    keys:
      ci: {{hash: {key_hash(ACME)}, budget: {{max_usd: "0.03"}}}}
      web: {{hash: {key_hash(SECOND)}}}
  umbrella: {{keys: {{one: {{hash: {key_hash(UMBRELLA)}}}}}}}
"""


class Met:
    """An agent that answers when it has been asked twice."""

    def __init__(self, inside: Any) -> None:
        self._inside, self._both = inside, asyncio.Barrier(2)
        self.profile = inside.profile

    async def call(self, request: Request) -> Reply:
        await self._both.wait()
        reply: Reply = await self._inside.call(request)
        return reply

    async def aclose(self) -> None:
        """Nothing to give back."""


@pytest.fixture
async def served() -> AsyncIterator[Callable[[str | None], httpx.AsyncClient]]:
    settings = settings_from(CONFIG, {})
    agents: dict[str, Any] = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    agents["met"] = Met(agents["met"])
    runtime = assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=MemoryStore(),
        owner="here",
        environ={},
        summarise=summarise,
        rng=random.Random(1),
    )

    @asynccontextmanager
    async def living() -> AsyncIterator[tuple[Runtime, None]]:
        await runtime.start()
        yield runtime, None
        await runtime.aclose()

    app = build_api(living)
    transport = httpx.ASGITransport(app)

    def client(key: str | None) -> httpx.AsyncClient:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        return httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers)

    async with app.router.lifespan_context(app):
        yield client


async def submit(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post("/v1/tasks", json={"query": "2+2?", **more})


async def test_without_a_known_key_only_health_is_told(served: Callable[[str | None], httpx.AsyncClient]) -> None:
    for key in (None, "stg_guessed"):
        async with served(key) as http:
            for path in ("/v1/tasks", "/v1/tasks/t", "/v1/episodes", "/v1/graphs", "/v1/tasks/t/events", "/metrics"):
                refused = await http.get(path)
                assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized"), path
                assert refused.headers["www-authenticate"] == "Bearer"
            assert (await submit(http)).status_code == 401
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/readyz")).status_code == 200


async def test_nobody_sees_what_is_another_tenants(served: Callable[[str | None], httpx.AsyncClient]) -> None:
    async with served(ACME) as acme, served(SECOND) as same_tenant, served(UMBRELLA) as other:
        made = (await submit(acme)).json()
        paths = (f"/v1/tasks/{made['id']}", f"/v1/tasks/{made['id']}/events", f"/v1/episodes/{made['episode_id']}")
        for path in paths:
            assert (await same_tenant.get(path)).status_code == 200, path
            assert (await other.get(path)).status_code == 404, path
        assert (await other.post(f"/v1/tasks/{made['id']}/cancel")).status_code == 404
        judged = await other.post(f"/v1/episodes/{made['episode_id']}/feedback", json={"quality": 0})
        assert judged.status_code == 404
        for path, name in (("/v1/tasks", "tasks"), ("/v1/episodes", "episodes")):
            assert len((await same_tenant.get(path)).json()[name]) == 1
            assert (await other.get(path)).json()[name] == []


async def test_an_exhausted_budget_is_a_402_that_names_the_account(
    served: Callable[[str | None], httpx.AsyncClient],
) -> None:
    async with served(ACME) as ci, served(SECOND) as web, served(UMBRELLA) as other:
        assert [(await submit(ci)).status_code for _ in range(4)] == [200, 200, 200, 402]
        refused = (await submit(ci)).json()
        assert (refused["code"], refused["facts"][:2]) == ("budget_exhausted", ["key acme/ci", "usd"])
        assert [(await submit(web)).status_code for _ in range(3)] == [200, 200, 402]
        assert (await submit(web)).json()["facts"][0] == "tenant acme"
        batch = await web.post("/v1/tasks/batch", json={"tasks": [{"query": "2+2?"}]})
        assert batch.json()["outcomes"][0]["problem"]["code"] == "budget_exhausted"
        assert (await submit(other)).status_code == 200


async def test_a_task_that_a_tenants_limit_ends_comes_back_with_its_partial_answer_and_its_ledger(
    served: Callable[[str | None], httpx.AsyncClient],
) -> None:
    async with served(ACME) as ci:
        batch = {"tasks": [{"query": "2+2?", "graph": "long"}] * 2}
        accepted = [each["task"]["id"] for each in (await ci.post("/v1/tasks/batch", json=batch)).json()["outcomes"]]
        ended = [(await ci.get(f"/v1/tasks/{each}", params={"wait_s": 10})).json() for each in accepted]
    for cut in ended:
        assert (cut["status"], cut["answer"]) == ("escalated", "4")
        assert "account 'key acme/ci' refuses 0.02" in cut["reason"]
        (charge,) = cut["ledger"]
        assert (charge["agent"], charge["charged"]["usd"], charge["settlement"]) == ("met", "0.010000000", "committed")


async def test_a_task_that_was_accepted_is_told_again_when_its_budget_is_used_up(
    served: Callable[[str | None], httpx.AsyncClient],
) -> None:
    async with served(ACME) as http:
        first = await http.post("/v1/tasks", json={"query": "2+2?", "wait": True}, headers={"idempotency-key": "one"})
        for _ in range(2):
            await submit(http, wait=True)
        assert (await submit(http)).status_code == 402
        again = await http.post("/v1/tasks", json={"query": "2+2?", "wait": True}, headers={"idempotency-key": "one"})
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
