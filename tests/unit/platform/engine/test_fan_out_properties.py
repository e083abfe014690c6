"""Random fan-outs, budgets and failures: what holds for every run, whatever happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import reduce
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.scripted import ERRORS, InOrder, Line
from stigmergy.domain import NOTHING, Budget, Spend, Status
from stigmergy.errors import AgentLost, BudgetTooSmall
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.learning.outcomes import outcome_of
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import Softmax

LINES: list[Line] = ["yes", "yes", "no", *ERRORS, AgentLost("x", "gone")]


def run(house: Callable[..., Any], graph: AgentGraph, scripts: Any, budget: Budget, seed: int) -> Ran | None:
    made = house(graph, scripts, router=RandomRouter(), selection=Softmax(1.0), seed=seed)
    try:
        ran: Ran = asyncio.run(made.run(budget))
    except BudgetTooSmall:
        return None
    assert all(made.health.overlay().of(agent).load == 0 for agent in made.agents)
    return ran


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_fails_in_branches_the_run_ends_within_its_budget_and_folds_back(
    house: Callable[..., Any],
    fan_out_graphs: st.SearchStrategy[AgentGraph],
    fan_out_budgets: st.SearchStrategy[Budget],
    data: st.DataObject,
) -> None:
    graph, budget = data.draw(fan_out_graphs), data.draw(fan_out_budgets)
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


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_without_failures_no_branch_is_ever_cornered(
    house: Callable[..., Any],
    fan_out_graphs: st.SearchStrategy[AgentGraph],
    fan_out_budgets: st.SearchStrategy[Budget],
    data: st.DataObject,
) -> None:
    graph, budget = data.draw(fan_out_graphs), data.draw(fan_out_budgets)
    ran = run(house, graph, {}, budget, data.draw(st.integers(0, 9)))
    if ran is not None:
        kinds = {recorded.event.kind for recorded in ran.events}
        assert not kinds & {"cornered", "budget_refused", "branch_lost", "call_failed"}
