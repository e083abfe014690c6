"""The doors of tasks on a real HTTP server in this process, with agents in this process and a store in memory."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.catalog import build_agent
from stigmergy.client import AsyncClient
from stigmergy.deployments.api import build_api
from stigmergy.deployments.api.events import with_heartbeats
from stigmergy.deployments.views import summarise
from stigmergy.domain import Status
from stigmergy.errors import (
    IdempotencyConflict,
    NoDeadLetter,
    ServerOverloaded,
    StigmergyError,
    TaskEnded,
    TaskNotFound,
    UnknownGraph,
)
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.records import Lease
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.wire import PROBLEM_TYPE, BatchTask, TaskEvent, TaskResult

CONFIG = """
agents:
  quick: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  gated: {kind: scripted, replies: ["5"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[quick]], router: cheapest}
  waits: {stages: [[quick], [gated]], router: cheapest}
routers:
  cheapest: {kind: cheapest}
default_graph: sums
serving: {max_in_flight: 5}
"""


class Gated:
    """An agent behind a gate."""

    def __init__(self, inside: Any) -> None:
        self._inside = inside
        self.profile = inside.profile
        self.asked, self.open = asyncio.Event(), asyncio.Event()

    async def call(self, request: Request) -> Reply:
        self.asked.set()
        await self.open.wait()
        reply: Reply = await self._inside.call(request)
        return reply

    async def aclose(self) -> None:
        """Nothing to give back."""


class House:
    """The served application, its client, and the gate of one agent."""

    def __init__(self) -> None:
        settings = settings_from(CONFIG, {})
        agents: dict[str, Any] = {name: build_agent(name, each, {}) for name, each in settings.agents.items()}
        self.gate = agents["gated"] = Gated(agents["gated"])
        self.runtime = assemble(
            settings,
            gateway=InProcessGateway(agents),
            store=MemoryStore(),
            owner="here",
            environ={},
            summarise=summarise,
            rng=random.Random(1),
        )
        self.app = build_api(self._living)
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning", ws="none"))
        # It listens from here on, so that whoever comes before the server is ready waits.
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[tuple[Runtime, None]]:
        await self.runtime.start()
        yield self.runtime, None
        self.gate.open.set()
        await self.runtime.aclose()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    serving = asyncio.create_task(house.server.serve([house.socket]))
    yield house
    house.server.should_exit = True
    await serving


@pytest.fixture
async def client(house: House) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(house.url, timeout_s=10) as client:
        yield client


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=10, trust_env=False) as http:
        yield http


async def waiting(house: House, client: AsyncClient) -> TaskResult:
    """A task that stands before the gate."""
    task = await client.submit("2+3", graph="waits", wait=False)
    await house.gate.asked.wait()
    return task


async def test_tasks_are_listed_newest_first_in_pages_and_narrowed(client: AsyncClient) -> None:
    done = [await client.submit(f"{n}+2") for n in range(5)]
    found = [task async for task in client.tasks(page_size=2)]
    assert [task.id for task in found] == [task.id for task in reversed(done)]
    assert found[0] == done[-1]
    middle = done[2].created_at
    assert middle is not None
    assert [t.id async for t in client.tasks(since=middle)] == [t.id for t in reversed(done[2:])]
    before = [t.id async for t in client.tasks(before=middle + timedelta(microseconds=1), status=Status.COMPLETED)]
    assert before == [t.id for t in reversed(done[:3])]
    assert [t async for t in client.tasks(graph="waits")] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=2026-01-01T00:00:00", 400),
        ("since=0.0", 400),
        ("since=0001-01-01T00:00:00%2B14:00", 400),
        ("status=odd", 400),
        ("limit=1001", 400),
        ("cursor=odd", 422),
    ],
)
async def test_a_listing_that_cannot_be_read_is_a_problem(http: httpx.AsyncClient, query: str, status: int) -> None:
    refused = await http.get(f"/v1/tasks?{query}")
    assert (refused.status_code, refused.headers["content-type"]) == (status, PROBLEM_TYPE), refused.text


async def test_a_running_task_is_cancelled_and_charged_for_the_call_it_was_in(
    house: House, client: AsyncClient
) -> None:
    task = await waiting(house, client)
    cancelled = await client.cancel(task.id)
    assert (cancelled.status, cancelled.reason, cancelled.route) == (
        Status.CANCELLED,
        "cancelled on request",
        ("quick",),
    )
    assert float(cancelled.usage.charged_usd) == pytest.approx(0.011)
    assert await client.get_task(task.id) == cancelled
    assert await client.cancel(task.id) == cancelled


async def test_what_has_ended_or_never_was_cannot_be_cancelled(client: AsyncClient, http: httpx.AsyncClient) -> None:
    done = await client.submit("2+2")
    with pytest.raises(TaskEnded, match="completed"):
        await client.cancel(done.id)
    with pytest.raises(TaskNotFound):
        await client.cancel("nobody")
    assert (await http.post(f"/v1/tasks/{done.id}/cancel")).status_code == 409


async def test_events_come_while_the_task_runs_and_end_with_its_result(house: House, client: AsyncClient) -> None:
    task = await waiting(house, client)
    seen: list[TaskEvent] = []
    async for event in client.events(task.id):
        seen.append(event)
        if event.kind == "call_started" and event.data["agent"] == "gated":
            stored = await house.runtime.store.journal.read((await client.get_task(task.id)).episode_id or "")
            assert [each.seq for each in stored] == list(range(len(seen)))
            house.gate.open.set()
    assert [event.seq for event in seen] == [*range(len(seen) - 1), None]
    assert [event.kind for event in seen][:2] + [event.kind for event in seen][-2:] == [
        "accepted",
        "hop_chosen",
        "finished",
        "end",
    ]
    assert TaskResult.model_validate(seen[-1].data) == await client.get_task(task.id)
    await house.runtime.debrief.drain()
    stored = await house.runtime.store.journal.read(seen[-1].data["episode_id"])
    assert [(event.seq, json.loads(event.payload)) for event in stored] == [(e.seq, e.data) for e in seen[:-1]]


async def test_events_are_resumed_after_the_last_one_received(client: AsyncClient, http: httpx.AsyncClient) -> None:
    task = await client.submit("2+2")
    everything = [event async for event in client.events(task.id)]
    assert [event async for event in client.events(task.id, after=1)] == everything[2:]
    assert [event.kind async for event in client.events(task.id, after=everything[-2].seq)] == ["end"]
    stream = await http.get(f"/v1/tasks/{task.id}/events", headers={"last-event-id": "2"})
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.startswith("id: 3\nevent: ")


async def test_events_of_nothing_and_after_nonsense_are_refused(client: AsyncClient, http: httpx.AsyncClient) -> None:
    with pytest.raises(TaskNotFound):
        _ = [event async for event in client.events("nobody")]
    for nonsense in ("x", "-2", "9" * 30):
        refused = await http.get("/v1/tasks/any/events", headers={"last-event-id": nonsense})
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")


async def test_a_reader_that_goes_away_leaves_the_task_alone(house: House, client: AsyncClient) -> None:
    task = await waiting(house, client)
    async for _ in client.events(task.id):
        break
    house.gate.open.set()
    assert (await client.wait(task.id)).status is Status.COMPLETED


async def test_silence_is_filled_and_a_listener_that_leaves_ends_the_tail() -> None:
    closed = asyncio.Event()

    async def slow() -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    heard = with_heartbeats(slow(), 0.001)
    assert [await anext(heard) for _ in range(3)] == [1, None, None]
    await heard.aclose()
    assert closed.is_set()


async def test_a_batch_is_taken_task_by_task_in_its_order(client: AsyncClient, http: httpx.AsyncClient) -> None:
    known = [BatchTask(query="2+2", idempotency_key="k"), BatchTask(query="3+3", graph="nowhere")]
    first, unknown = await client.submit_batch(known)
    assert isinstance(first, TaskResult)
    assert isinstance(unknown, UnknownGraph)
    assert (await client.wait(first.id)).answer == "4"
    again = await client.submit_batch([known[0], BatchTask(query="other", idempotency_key="k")])
    assert again[0] == await client.get_task(first.id)
    assert isinstance(again[1], IdempotencyConflict)
    body = {"tasks": [{"query": ""}, 7, {"query": "ok"}, {"query": "x", "wait": True}]}
    mixed = (await http.post("/v1/tasks/batch", json=body)).json()["outcomes"]
    codes = [each["problem"] and each["problem"]["code"] for each in mixed]
    assert codes == ["invalid_query", "malformed_request", None, "malformed_request"]


async def test_what_exceeds_the_room_is_refused_and_the_rest_is_not(house: House, client: AsyncClient) -> None:
    outcomes = await client.submit_batch([BatchTask(query=f"{n}", graph="waits") for n in range(7)])
    assert [isinstance(each, ServerOverloaded) for each in outcomes] == [False] * 5 + [True] * 2
    house.gate.open.set()
    tasks = [each for each in outcomes if isinstance(each, TaskResult)]
    assert {(await client.wait(task.id)).status for task in tasks} == {Status.COMPLETED}


async def test_a_dead_letter_is_listed_and_retried_and_nothing_else_is(
    house: House, client: AsyncClient, http: httpx.AsyncClient
) -> None:
    done = await client.submit("2+2")
    with pytest.raises(NoDeadLetter, match="completed"):
        await client.retry(done.id)
    task = replace((await house.runtime.store.tasks.get(done.id)).task, id="dead")
    await house.runtime.store.tasks.create(task, "dead", Lease("gone", task.created_at + timedelta(hours=1)))
    await house.runtime.store.tasks.finish("dead", status=Status.DEAD_LETTER, reason="given up", at=task.created_at)
    found = [each async for each in client.tasks(status=Status.DEAD_LETTER)]
    assert [(each.id, each.reason) for each in found] == [("dead", "given up")]
    retried = await http.post("/v1/tasks/dead/retry")
    assert (retried.status_code, retried.json()["status"]) == (202, "pending")
    assert (await client.wait("dead")).status is Status.COMPLETED


@pytest.mark.parametrize("priority", [-11, 11, 1.5, "high"])
async def test_a_priority_out_of_bounds_is_refused(http: httpx.AsyncClient, priority: object) -> None:
    refused = await http.post("/v1/tasks", json={"query": "2+2", "priority": priority})
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"tasks": []}', json.dumps({"tasks": [{}] * 1001}).encode()])
async def test_what_is_no_batch_is_refused_as_a_whole(http: httpx.AsyncClient, body: bytes) -> None:
    refused = await http.post("/v1/tasks/batch", content=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")


async def test_a_client_refuses_an_empty_batch_itself(client: AsyncClient) -> None:
    with pytest.raises(StigmergyError, match="at least 1"):
        await client.submit_batch([])


async def test_the_schema_describes_every_door_and_refers_to_nothing_that_is_not_there(
    http: httpx.AsyncClient,
) -> None:
    document = (await http.get("/openapi.json")).json()
    doors = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert doors >= {
        ("/v1/tasks", "get"),
        ("/v1/tasks/batch", "post"),
        ("/v1/tasks/{task_id}/cancel", "post"),
        ("/v1/tasks/{task_id}/events", "get"),
        ("/v1/tasks/{task_id}/retry", "post"),
        ("/v1/chat/completions", "post"),
        ("/v1/responses", "post"),
        ("/v1/models", "get"),
        ("/v1/models/{model}", "get"),
    }
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known
    cancelling = document["paths"]["/v1/tasks/{task_id}/cancel"]["post"]["responses"]
    assert set(cancelling) == {"200", "202", "401", "404", "409", "503", "4XX"}
    assert list(cancelling["409"]["content"]) == [PROBLEM_TYPE]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []
