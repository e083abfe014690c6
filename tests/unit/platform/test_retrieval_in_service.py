"""A graph whose hops are chosen among retrieved agents, in a runtime."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
import yaml

from stigmergy.agents.catalog import build_agent
from stigmergy.deployments.views import hop_model
from stigmergy.domain import Budget, Task
from stigmergy.errors import ConfigError
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.episode.events import HopChosen
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.testing import EPOCH, FakeClock

CRAFTS = ("bakery", "chess", "dentistry", "forestry", "gardening", "harbour", "insurance", "law", "mining", "opera")


def document(**retrieval: Any) -> dict[str, Any]:
    """Ten agents at one hop; the one that is for chess costs more than most tasks allow."""
    agents = {
        craft: {
            "kind": "scripted",
            "replies": [craft],
            "description": "an agent that helps",
            "skills": [f"questions of {craft}"],
            "price": {"per_call": "1" if craft == "chess" else "0.001"},
        }
        for craft in CRAFTS
    }
    graph: dict[str, Any] = {"stages": [list(CRAFTS)], "router": "greedy", "evaluator": {"kind": "exact"}}
    if retrieval:
        graph["retrieval"] = retrieval
    routers = {"greedy": {"kind": "cheapest"}, "any": {"kind": "random"}}
    return {"agents": agents, "graphs": {"crafts": graph}, "routers": routers}


def runtime_of(**retrieval: Any) -> Runtime:
    settings = settings_from(yaml.safe_dump(document(**retrieval)), {})
    agents = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    return assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=MemoryStore(),
        owner="here",
        environ={},
        summarise=lambda ran: "{}",
        clock=FakeClock(),
        rng=random.Random(1),
    )


def asked(text: str, **facts: Any) -> Task:
    given = {"id": "t", "text": text, "graph": "crafts", "router": "any", "created_at": EPOCH, **facts}
    return Task(**given)


def first_hop(runtime: Runtime, task: Task) -> HopChosen:
    hop = runtime.engine.plan(task).hops[0]
    assert isinstance(hop, HopChosen)
    return hop


async def test_the_router_scores_only_what_was_retrieved_and_the_hop_says_what_was_left_out() -> None:
    runtime = runtime_of(k=3)
    hop = first_hop(runtime, asked("a question of law or of mining"))
    assert {"law", "mining"} <= {option.node for option in hop.options}
    assert len(hop.options) == 3
    assert hop.not_retrieved == 7
    assert sum(option.probability for option in hop.options) == pytest.approx(1.0)
    assert sorted(option.evidence["retrieval_rank"] for option in hop.options) == [1.0, 2.0, 3.0]
    assert decode(encode(hop)) == hop
    assert hop_model(hop).not_retrieved == 7
    await runtime.aclose()


async def test_what_cannot_be_paid_is_not_retrieved_however_well_it_fits() -> None:
    runtime = runtime_of(k=3)
    hop = first_hop(runtime, asked("a question of chess", budget=Budget(max_usd=Decimal("0.01"))))
    assert "chess" not in {option.node for option in hop.options}
    assert [node for node, _ in hop.refused] == ["chess"]
    assert hop.not_retrieved == 6
    await runtime.aclose()


async def test_a_k_that_all_successors_fit_in_changes_nothing() -> None:
    with_it, without = runtime_of(k=10), runtime_of()
    task = asked("a question of law", router="greedy")
    assert first_hop(with_it, task).options == first_hop(without, task).options
    assert first_hop(with_it, task).not_retrieved == 0
    assert "not_retrieved" not in encode(first_hop(with_it, task))
    for each in (with_it, without):
        await each.aclose()


async def test_agents_of_which_nothing_tells_more_are_retrieved_by_what_came_of_their_work() -> None:
    runtime = runtime_of(k=9)
    await runtime.start()
    for number in range(120):
        await runtime.desk.accept(asked("help", id=f"t{number}", reference="law"), str(number))
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    ranks = {
        o.node: o.evidence["retrieval_success"] for o in first_hop(runtime, asked("help", router="greedy")).options
    }
    assert max(ranks, key=ranks.__getitem__) == "law"
    await runtime.aclose()


def test_mistakes_are_told_with_their_path() -> None:
    with pytest.raises(ConfigError) as refused:
        settings_from(yaml.safe_dump(document(k=0)), {})
    assert dict(refused.value.problems).keys() == {"graphs.crafts.retrieval"}
    with pytest.raises(ConfigError) as refused:
        settings_from(yaml.safe_dump(document(k=3, model="no/such/folder")), {})
    assert "graphs.crafts.retrieval.model" in dict(refused.value.problems)
