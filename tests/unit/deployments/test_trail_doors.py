"""Trails over HTTP: which past episodes made them, and whose names are kept from whom."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from stigmergy.agents.catalog import build_agent
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.keyring import key_hash, new_key
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.wire import TrailsModel

ACME, UMBRELLA = new_key(), new_key()
CONFIG = """
agents:
  right: {kind: scripted, replies: ["4"], price: {per_call: "0.01"}}
  wrong: {kind: scripted, replies: ["5"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[right, wrong]], router: ants, evaluator: {kind: exact}}
routers:
  ants: {kind: ant_colony, colony: hill}
"""
TENANTS = f"""
tenants:
  acme: {{keys: {{one: {{hash: {key_hash(ACME)}}}}}}}
  umbrella: {{keys: {{one: {{hash: {key_hash(UMBRELLA)}}}}}}}
"""


@asynccontextmanager
async def served(config: str) -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    settings = settings_from(config, {})
    runtime = assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
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
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http,
    ):
        yield runtime, http


async def submit(http: httpx.AsyncClient, key: str = "") -> str:
    body = {"query": "2+2?", "reference": "4"}
    ran = (await http.post("/v1/tasks", json=body, headers={"authorization": f"Bearer {key}"})).json()
    return str(ran["episode_id"])


async def trails(http: httpx.AsyncClient, key: str = "") -> TrailsModel:
    reply = await http.get("/v1/graphs/sums/trails", headers={"authorization": f"Bearer {key}"})
    return TrailsModel.model_validate_json(reply.content)


def named(found: TrailsModel) -> set[str]:
    (colony,) = found.colonies
    every = (trail for learnt in colony.types.values() for trail in learnt.trails)
    return {left.episode for trail in every for left in trail.footprints}


async def test_trails_name_the_episodes_that_made_them() -> None:
    async with served(CONFIG) as (runtime, http):
        ran = {await submit(http) for _ in range(12)}
        await runtime.debrief.drain()
        found = await trails(http)
        (colony,) = found.colonies
        assert (found.graph, colony.colony, colony.episodes, colony.origin) == ("sums", "hill", 12, "")
        (learnt,) = colony.types.values()
        edges = [trail.trail for trail in learnt.trails]
        assert edges == sorted(edges, reverse=True)
        assert named(found)
        assert named(found) <= ran
        assert learnt.abilities["right"] > learnt.abilities["wrong"]


async def test_a_tenant_is_not_told_of_another_ones_episodes() -> None:
    async with served(CONFIG + TENANTS) as (runtime, http):
        ours = {await submit(http, ACME) for _ in range(6)}
        theirs = {await submit(http, UMBRELLA) for _ in range(6)}
        await runtime.debrief.drain()
        seen = named(await trails(http, ACME)), named(await trails(http, UMBRELLA))
        assert seen[0] <= ours
        assert seen[1] <= theirs
        assert any(seen)


async def test_an_unknown_graph_has_no_trails() -> None:
    async with served(CONFIG) as (_, http):
        reply = await http.get("/v1/graphs/none/trails")
        assert (reply.status_code, reply.json()["code"]) == (404, "unknown_graph")
