"""Random fan-outs, budgets and failures: what holds for every run, whatever happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.scripted import ERRORS, InOrder, Line
from stigmergy.domain import NOTHING, AgentProfile, Budget, Price, Spend, Status, TokenCaps
from stigmergy.errors import AgentLost, BudgetTooSmall
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import JOINS, Branch, FanOutNode, GraphSpec
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.learning.outcomes import outcome_of
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import Softmax

AGENTS = "abcdef"
LINES: list[Line] = ["yes", "yes", "no", *ERRORS, AgentLost("x", "gone")]
STAGES = st.lists(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=2, unique=True), min_size=1, max_size=2)


@st.composite
def fan_outs(draw: st.DrawFn, depth: int = 1) -> FanOutNode:
    arms = {}
    for name in ("one", "two", "three")[: draw(st.integers(1, 3))]:
        spec = staged(draw(STAGES), draw(fan_outs(depth - 1)) if depth and draw(st.booleans()) else None)
        arms[name] = Branch(graph=spec, required=name == "one" or draw(st.booleans()))
    join = draw(st.sampled_from(JOINS))
    stop_at = draw(st.none() | st.sampled_from((0.4, 1.0))) if join.endswith("vote") else None
    return FanOutNode(branches=arms, join=join, stop_at=stop_at)


def staged(stages: list[list[str]], fan: FanOutNode | None) -> GraphSpec:
    """The stages, no agent twice; the fan-out, if there is one, beside the agents of the last."""
    seen: set[str] = set()
    fresh = [tuple(n for n in stage if not (n in seen or seen.add(n))) for stage in stages]  # type: ignore[func-returns-value]
    kept = [stage for stage in fresh if stage]
    if fan is None:
        return GraphSpec(stages=tuple(kept))
    return GraphSpec(nodes={"fan": fan}, stages=(*kept[:-1], (*kept[-1], "fan")))


@st.composite
def graphs(draw: st.DrawFn) -> AgentGraph:
    spec = staged(draw(STAGES), draw(fan_outs()))
    profiles = {
        name: AgentProfile(
            id=name,
            price=Price(per_call=Decimal(draw(st.integers(0, 3)))),
            caps=TokenCaps(draw(st.integers(0, 3)), 0, 1),
            timeout_s=0.05,
        )
        for name in AGENTS
    }
    return AgentGraph("linear", spec, profiles)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    usd = draw(st.none() | st.integers(0, 14).map(Decimal))
    return Budget(usd, draw(st.none() | st.integers(0, 14)), draw(st.none() | st.integers(1, 10)))


def run(house: Callable[..., Any], graph: AgentGraph, scripts: Any, budget: Budget, seed: int) -> Ran | None:
    made = house(graph, scripts, router=RandomRouter(), selection=Softmax(1.0), seed=seed)
    try:
        ran: Ran = asyncio.run(made.run(budget))
    except BudgetTooSmall:
        return None
    assert all(made.health.overlay().of(agent).load == 0 for agent in made.agents)
    return ran


@given(graph=graphs(), budget=budgets(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_fails_in_branches_the_run_ends_within_its_budget_and_folds_back(
    house: Callable[..., Any], graph: AgentGraph, budget: Budget, data: st.DataObject
) -> None:
    scripts = {n: InOrder(data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))) for n in graph.agents}
    ran = run(house, graph, scripts, budget, data.draw(st.integers(0, 9)))
    if ran is None:
        return
    events = [recorded.event for recorded in ran.events]
    state = fold(decode(encode(event)) for event in events)
    assert (state.status, state.route, state.dropped) == (ran.episode.status, ran.episode.route, ran.episode.dropped)
    assert ran.episode.status in (Status.COMPLETED, Status.DEMOTED, Status.ESCALATED)
    assert budget.allows(state.charged)
    assert silent_failures(events) == 0
    assert outcome_of("ep", events).cost_usd == float(state.charged.usd)
    settled = reduce(
        Spend.__add__, [e.charged for e in events if isinstance(e, (ev.CallSucceeded, ev.CallFailed))], NOTHING
    )
    assert settled.at_most(state.charged)
    if not any(isinstance(event, ev.Cancelled) for event in events):
        assert settled == state.charged
    keys = [event.step for event in events if isinstance(event, ev.CallSucceeded)]
    assert len(keys) == len(set(keys))


@given(graph=graphs(), budget=budgets(), seed=st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_without_failures_no_branch_is_ever_cornered(
    house: Callable[..., Any], graph: AgentGraph, budget: Budget, seed: int
) -> None:
    ran = run(house, graph, {}, budget, seed)
    if ran is not None:
        kinds = {recorded.event.kind for recorded in ran.events}
        assert not kinds & {"cornered", "budget_refused", "branch_lost", "call_failed"}
