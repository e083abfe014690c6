"""Policies over HTTP: from the file of an artifact to the policy that decides, and who may do that."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from stigmergy.client import AsyncClient
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.errors import InvalidPolicy, PolicyMoved, PolicyNotFound, PromotionRefused, RequestError
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.keyring import key_hash, new_key
from stigmergy.platform.learning.estimators.training import train_arms
from stigmergy.platform.policy_records import Move, Stage
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.estimators.artifact import save_arms

DOCUMENT = {"kind": "estimator", "price": 0.0, "selection": {"kind": "greedy"}}
OPERATOR, PLAIN = new_key(), new_key()
TENANTS = f"""
agents: {{quick: {{kind: scripted, replies: ["4"], price: {{per_call: "0.01"}}}}}}
graphs: {{sums: {{stages: [[quick]], router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
tenants:
  staff: {{operator: true, keys: {{one: {{hash: {key_hash(OPERATOR)}}}}}}}
  acme: {{keys: {{one: {{hash: {key_hash(PLAIN)}}}}}}}
"""


def artifact(served: Any) -> bytes:
    """Of an estimator that holds the dear agent to be the better one."""
    path = served.folder / "policy.npz"
    trained = train_arms("best_per_task", served.log({"cheap": 0.2, "dear": 0.9}))
    save_arms(path, trained.model, trained.origin)
    return bytes(path.read_bytes())


async def test_a_policy_is_registered_once_and_told_with_where_it_stands(served: Any, asking: AsyncClient) -> None:
    content = artifact(served)
    made = await asking.policies.register("cheapest", content, DOCUMENT, metrics={"gain": 0.1}, lineage={"parent": ""})
    assert (made.name, made.stage, made.metrics) == ("cheapest@1", "candidate", {"gain": 0.1})
    again = await asking.policies.register("cheapest", content, DOCUMENT)
    assert again.name == "cheapest@1"
    assert [each.name for each in await asking.policies.list()] == ["cheapest@1"]
    assert await asking.policies.list("ants") == ()
    assert (await asking.policies.shadow("cheapest", 1)).stage == "shadow"
    shown = await asking.policies.show("cheapest", 1)
    assert (shown.policy.stage, shown.hops, shown.agreement, shown.graphs) == ("shadow", 0, None, ())


async def test_what_is_refused_comes_back_as_the_error_that_it_is(served: Any, asking: AsyncClient) -> None:
    await asking.policies.register("cheapest", artifact(served), DOCUMENT)
    with pytest.raises(InvalidPolicy, match="it cannot be read"):
        await asking.policies.register("cheapest", b"nothing", DOCUMENT)
    with pytest.raises(InvalidPolicy, match="no router 'nobody' is configured"):
        await asking.policies.register("nobody", artifact(served), DOCUMENT)
    with pytest.raises(PolicyNotFound, match="cheapest@7"):
        await asking.policies.show("cheapest", 7)
    with pytest.raises(PolicyMoved, match="from candidate it cannot become active"):
        await asking.policies.promote("cheapest", 1)
    await asking.policies.shadow("cheapest", 1)
    with pytest.raises(PromotionRefused, match="it has looked on no episode yet"):
        await asking.policies.canary("cheapest", 1, 0.1)
    with pytest.raises(RequestError, match="share"):
        await asking.policies.canary("cheapest", 1, 1.5)
    retired = await asking.policies.retire("cheapest", 1, "no longer wanted")
    assert (retired.stage, retired.reason) == ("retired", "no longer wanted")


async def test_the_metrics_tell_how_far_a_shadow_agrees_and_what_it_is_estimated_to_gain(
    served: Any, asking: AsyncClient
) -> None:
    await asking.policies.register("cheapest", artifact(served), DOCUMENT)
    await asking.policies.shadow("cheapest", 1)
    await served.runtime.policies.service.look()
    await asking.submit("2+2", router="cheapest")
    await served.runtime.policies.service.drain()
    await served.runtime.debrief.drain()
    await served.runtime.policies.gains.judge()
    async with httpx.AsyncClient(base_url=served.url) as http:
        told = (await http.get("/metrics")).text.splitlines()
    assert 'stigmergy_policy_agreement{version="cheapest@1"} 0.0' in told


async def test_requests_of_another_form_are_refused(served: Any) -> None:
    async with httpx.AsyncClient(base_url=served.url) as http:
        for path, body, status in (
            ("/v1/policies", {"router": "cheapest"}, 400),
            ("/v1/policies", {"router": "cheapest", "document": {}, "artifact": "%"}, 422),
            ("/v1/policies/cheapest/0/shadow", {}, 400),
            ("/v1/policies/cheapest/1/abolish", {}, 400),
            ("/v1/policies/cheapest/1/canary", {}, 422),
            ("/v1/policies/cheapest/1/retire", {"reason": "\x00"}, 422),
        ):
            assert (await http.post(path, json=body)).status_code == status, (path, body)


async def test_a_policy_that_was_promoted_decides_within_two_seconds(served: Any, asking: AsyncClient) -> None:
    await asking.policies.register("cheapest", artifact(served), DOCUMENT)
    await asking.policies.shadow("cheapest", 1)
    assert (await asking.submit("2+2", router="cheapest")).route == ("cheap",)
    await served.runtime.store.policies.move(
        "cheapest", 1, Move(seen=Stage.SHADOW, to=Stage.ACTIVE), served.runtime.clock.now()
    )
    started = served.runtime.clock.monotonic()
    while (task := await asking.submit("2+2", router="cheapest")).route != ("dear",):
        assert served.runtime.clock.monotonic() < started + 10
    episode = await asking.episode(str(task.episode_id))
    accepted = next(event.data for event in episode.events if event.kind == "accepted")
    assert accepted["versions"]["policy"] == "cheapest@1"


async def test_only_operators_see_and_move_policies() -> None:
    async with tenants() as client:
        for method, path in (
            ("GET", "/v1/policies"),
            ("POST", "/v1/policies"),
            ("GET", "/v1/policies/cheapest/1"),
            ("POST", "/v1/policies/cheapest/1/retire"),
        ):
            refused = await client.request(method, path, headers={"authorization": f"Bearer {PLAIN}"})
            assert (refused.status_code, refused.json()["code"]) == (403, "not_operator"), path
            assert (await client.request(method, path)).status_code == 401
        shown = await client.get("/v1/policies", headers={"authorization": f"Bearer {OPERATOR}"})
        assert (shown.status_code, shown.json()) == (200, {"policies": []})


@asynccontextmanager
async def tenants() -> AsyncIterator[httpx.AsyncClient]:
    """A server with keys of an operator and of another tenant."""
    runtime = assemble(
        settings_from(TENANTS, {}),
        gateway=InProcessGateway({}),
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
    async with app.router.lifespan_context(app):
        yield httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")
