"""A task says who routes it, and what money is worth to it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from stigmergy.client import AsyncClient
from stigmergy.errors import InvalidQuery, NoTradeOff, UnknownRouter
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.codec import decode
from stigmergy.wire import TaskResult


async def accepted_of(served: Any, task: TaskResult) -> ev.Accepted:
    stored = await served.runtime.store.journal.read(task.episode_id or "")
    accepted = decode(stored[0].payload)
    assert isinstance(accepted, ev.Accepted)
    return accepted


async def test_a_task_is_routed_by_whom_it_names(served: Any, asking: AsyncClient) -> None:
    usual = await asking.submit("2+2", explain=True)
    learnt = await asking.submit("2+2", router="learnt", explain=True)
    assert [(usual.router, usual.route), (learnt.router, learnt.route)] == [
        ("cheapest", ("cheap",)),
        ("learnt", ("dear",)),
    ]
    accepted = await accepted_of(served, learnt)
    assert accepted.router == "learnt"
    assert accepted.versions.policy.startswith("learnt@estimator-")
    assert learnt.hops[0].policy_version == accepted.versions.policy


async def test_what_money_is_worth_decides_and_is_told(served: Any, asking: AsyncClient) -> None:
    free = await asking.submit("2+2", router="learnt", trade_off=0.0)
    thrifty = await asking.submit("2+2", router="learnt", trade_off=0.5)
    usual = await asking.submit("2+2", router="ants")
    assert [(task.route, task.trade_off) for task in (free, thrifty)] == [(("dear",), 0.0), (("cheap",), 0.5)]
    assert usual.trade_off == 0.5, "as it is configured"
    assert (await accepted_of(served, thrifty)).trade_off == 0.5
    assert (await accepted_of(served, free)).trade_off == 0.0


async def test_a_planned_route_weighs_money_as_the_task_will(asking: AsyncClient) -> None:
    planned = await asking.plan_route("2+2", graph="sums", router="ants", trade_off=0.4)
    assert planned.trade_off == 0.4
    heuristic = {option.node: option.evidence["heuristic"] for option in planned.hops[0].options}
    assert heuristic["dear"] < heuristic["cheap"]


async def test_a_router_that_the_graph_does_not_offer_is_refused_with_those_it_does(asking: AsyncClient) -> None:
    with pytest.raises(UnknownRouter, match="'dearest' can be asked for here; routers: ants, cheapest, learnt"):
        await asking.submit("2+2", router="dearest")
    assert (await asking.submit("2+2", graph="open", router="dearest")).route == ("dear",)
    assert (await asking.graph("sums")).routers == ("cheapest", "learnt", "ants")


async def test_a_trade_off_for_a_router_without_one_is_refused_with_those_that_take_one(
    served: Any, asking: AsyncClient
) -> None:
    with pytest.raises(NoTradeOff, match="'cheapest' takes no trade-off; routers that do: ants, learnt"):
        await asking.submit("2+2", trade_off=0.1)
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as http:
        assert (await http.post("/v1/tasks", json={"query": "2+2", "trade_off": 0.1})).status_code == 422


@pytest.mark.parametrize("trade_off", [-0.1, float("nan"), float("inf")])
async def test_a_trade_off_that_is_no_amount_is_refused(asking: AsyncClient, trade_off: float) -> None:
    with pytest.raises(InvalidQuery, match="trade_off"):
        await asking.submit("2+2", router="learnt", trade_off=trade_off)


async def test_what_is_learnt_goes_to_the_router_that_decided(served: Any, asking: AsyncClient) -> None:
    task = await asking.submit("2+2", router="ants")
    await served.runtime.debrief.drain()
    await asking.feedback(task.episode_id or "", quality=1.0)
    assert served.runtime.routers["ants"].collect() is not None
