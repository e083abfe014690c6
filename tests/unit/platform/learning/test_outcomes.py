from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stigmergy.agents.base import Reply
from stigmergy.domain import GOAL, START, FailureKind, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.outcomes import outcome_of

Build = Callable[..., Any]


def events_of(ran: Ran) -> list[ev.Event]:
    return [recorded.event for recorded in ran.events]


async def test_an_outcome_has_the_steps_with_the_verdicts_of_those_after_them(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a"), profile("z", 9)], [profile("check")]])
    judged = Reply(text="fine", verdict=0.7, usage=Usage(1, 1, 1, Decimal(1)))
    ran = await house(graph, {"check": [judged]}).run()
    given = [ev.QualityGiven(quality=0.2, source="x", probability=0.5), ev.QualityGiven(quality=0.9, source="user")]
    outcome = outcome_of("ep", [*events_of(ran), *given], ran.features)
    assert [(s.source, s.node, s.judgement, s.decided_by_router) for s in outcome.steps] == [
        (START, "a", 0.7, True),
        ("a", "check", None, False),
    ]
    assert (outcome.quality, outcome.judged_probability, outcome.cost_usd) == (0.9, 1.0, 2.0)
    assert (outcome.graph, outcome.mixture, outcome.features) == ("linear", ran.features.mixture, ran.features)


async def test_an_episode_that_nobody_judged_has_no_quality(house: Build, staged: Build, profile: Build) -> None:
    outcome = outcome_of("ep", events_of(await house(staged([[profile("a")]])).run()))
    assert (outcome.quality, outcome.judged_probability) == (None, 1.0)


async def test_failed_calls_are_infrastructure_and_repaired_hops_were_not_the_routers(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a"), profile("b", 2)]]), {"a": [FailureKind.REFUSED]})
    outcome = outcome_of("ep", events_of(await made.run()))
    assert [(f.node, f.kind) for f in outcome.infrastructure_failures] == [("a", FailureKind.REFUSED)]
    assert [(s.node, s.decided_by_router) for s in outcome.steps] == [("b", False)]


async def test_an_episode_without_a_committed_step_has_an_outcome_without_steps(
    house: Build, staged: Build, profile: Build
) -> None:
    ran = await house(staged([[profile("a")]]), {"a": [FailureKind.ERROR]}).run()
    outcome = outcome_of("ep", events_of(ran))
    assert (outcome.steps, outcome.cost_usd, len(outcome.infrastructure_failures)) == ((), 2.0, 2)


async def test_steps_that_healing_undid_are_left_out_but_were_paid(house: Build, profile: Build) -> None:
    edges = {START: ("a", "b"), "a": ("c",), "c": (GOAL,), "b": (GOAL,)}
    prices = {"a": 1, "b": 9, "c": 1}
    graph = AgentGraph("linear", GraphSpec(edges=edges), {name: profile(name, usd) for name, usd in prices.items()})
    outcome = outcome_of("ep", events_of(await house(graph, {"c": [FailureKind.REFUSED]}).run()))
    assert ([step.node for step in outcome.steps], outcome.cost_usd) == (["b"], 10.0)
