"""Approving and rejecting on a real HTTP server in this process, with agents in this process."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from stigmergy.agents.catalog import build_agent
from stigmergy.client import AsyncClient
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.domain import Status
from stigmergy.errors import ApprovalNotAsked, TaskNotFound
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store import open_store
from stigmergy.wire import PROBLEM_TYPE, TaskResult

CONFIG = """
agents:
  crm: {kind: scripted, replies: ["order 7"], price: {per_call: "0.001"}}
  stripe: {kind: scripted, replies: ["refunded by stripe"], price: {per_call: "0.01"}, effect: refund}
  razorpay: {kind: scripted, replies: ["refunded by razorpay"], price: {per_call: "0.02"}, effect: refund}
graphs:
  support:
    stages: [[crm], [stripe, razorpay]]
    router: cheapest
    monitors:
      risk:
        - {agent: stripe, label: amount_usd, above: 10000, then: approve}
        - {agent: razorpay, label: amount_usd, above: 50000, then: veto}
routers:
  cheapest: {kind: cheapest}
"""
LARGE = {"amount_usd": "15000"}


class Gateway:
    """One served gateway process on a store that others share."""

    def __init__(self, url: str, owner: str) -> None:
        settings = settings_from(CONFIG, {})
        agents: dict[str, Any] = {name: build_agent(name, each, {}) for name, each in settings.agents.items()}
        self.runtime = assemble(
            settings,
            gateway=InProcessGateway(agents),
            store=open_store(url),
            owner=owner,
            environ={},
            summarise=summarise,
            rng=random.Random(1),
        )
        self.server = uvicorn.Server(uvicorn.Config(build_api(self._living), log_level="warning", ws="none"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[tuple[Runtime, None]]:
        await self.runtime.start()
        yield self.runtime, None
        await self.runtime.aclose()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[AsyncClient]:
        serving = asyncio.create_task(self.server.serve([self.socket]))
        async with AsyncClient(self.url, timeout_s=10) as client:
            yield client
        self.server.should_exit = True
        async with asyncio.timeout(5):
            await serving


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
async def client(store_url: str) -> AsyncIterator[AsyncClient]:
    async with Gateway(store_url, "here").serving() as client:
        yield client


async def asked(client: AsyncClient) -> TaskResult:
    task = await client.submit("refund order 7", labels=LARGE)
    assert task.status is Status.NEEDS_APPROVAL
    return task


async def test_a_caller_that_waits_is_told_what_needs_its_approval_and_gives_it(client: AsyncClient) -> None:
    task = await asked(client)
    assert task.approval is not None
    assert (task.approval.agent, task.approval.place) == ("stripe", "stripe")
    assert task.approval.reason == "amount_usd 15000 is above 10000"
    assert [each.id async for each in client.tasks(status=Status.NEEDS_APPROVAL)] == [task.id]
    decided = await client.approve(task.id, by="ann", comment="known customer", place="stripe")
    assert decided.approval is not None
    assert (decided.approval.approved, decided.approval.by) == (True, "ann")
    done = await client.wait(task.id, 5)
    assert (done.status, done.answer, done.approval) == (Status.COMPLETED, "refunded by stripe", None)
    told = [event async for event in client.events(task.id)]
    kinds = [event.kind for event in told]
    place = kinds.index("approval_asked")
    assert kinds[place : place + 3] == ["approval_asked", "approval_given", "call_started"]
    assert told[place + 1].data["comment"] == "known customer"


async def test_a_rejected_hop_goes_another_way(client: AsyncClient) -> None:
    task = await asked(client)
    await client.reject(task.id, by="bob")
    done = await client.wait(task.id, 5)
    assert (done.status, done.route) == (Status.COMPLETED, ("crm", "razorpay"))


async def test_rejected_and_vetoed_everywhere_it_is_escalated_with_the_reason(client: AsyncClient) -> None:
    task = await client.submit("refund order 7", labels={"amount_usd": "60000"})
    await client.reject(task.id, by="bob", comment="never")
    done = await client.wait(task.id, 5)
    assert done.status is Status.ESCALATED
    assert "razorpay: vetoed by risk (amount_usd 60000 is above 50000)" in done.reason


async def test_decisions_that_nobody_waits_for_are_refused(client: AsyncClient, store_url: str) -> None:
    done = await client.submit("refund order 7", labels={"amount_usd": "5"})
    assert done.status is Status.COMPLETED
    with pytest.raises(ApprovalNotAsked, match="completed"):
        await client.approve(done.id)
    with pytest.raises(TaskNotFound):
        await client.reject("nobody")
    task = await asked(client)
    with pytest.raises(ApprovalNotAsked, match="about stripe"):
        await client.approve(task.id, place="razorpay")
    await client.cancel(task.id)
    with pytest.raises(ApprovalNotAsked, match="cancelled"):
        await client.approve(task.id)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[]", 400, "malformed_request"),
        (b'{"by": ""}', 400, "malformed_request"),
        (b'{"who": "ann"}', 400, "malformed_request"),
        (b'{"comment": "\\u0000"}', 422, "invalid_query"),
        (b'{"by": "\\ud800"}', 400, "malformed_request"),
        (b"", 404, "task_not_found"),
        (b'{"by": "ann"}', 404, "task_not_found"),
    ],
)
async def test_a_decision_that_cannot_be_read_is_a_problem(
    client: AsyncClient, body: bytes, status: int, code: str
) -> None:
    async with httpx.AsyncClient(base_url=client._place.url, trust_env=False) as http:
        refused = await http.post("/v1/tasks/nobody/approve", content=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == PROBLEM_TYPE


async def test_the_schema_says_that_the_body_may_be_left_out(client: AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=client._place.url, trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
    for decision in ("approve", "reject"):
        door = document["paths"][f"/v1/tasks/{{task_id}}/{decision}"]["post"]
        assert set(door["responses"]) == {"200", "400", "401", "404", "409", "422", "503"}
        assert "required" not in door["requestBody"]
    assert "ApprovalRequest" in document["components"]["schemas"]
    assert "needs_approval" in json.dumps(document["components"]["schemas"]["Status"])


async def test_a_task_waits_through_a_restart_and_any_gateway_takes_the_decision(store_url: str) -> None:
    async with Gateway(store_url, "first").serving() as client:
        task = await asked(client)
    async with Gateway(store_url, "second").serving() as client, Gateway(store_url, "third").serving() as other:
        waiting = await other.get_task(task.id)
        assert (waiting.status, waiting.approval) == (Status.NEEDS_APPROVAL, task.approval)
        await other.approve(task.id, by="ann")
        assert (await client.wait(task.id, 15)).answer == "refunded by stripe"
