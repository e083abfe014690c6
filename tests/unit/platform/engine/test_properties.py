"""Random graphs, budgets and failures: what holds for every run, whatever happens in it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Reply
from stigmergy.agents.scripted import ERRORS, InOrder, Line
from stigmergy.domain import ESCALATION, NOTHING, START, Budget, Spend, Status, TaskId
from stigmergy.errors import AgentLost, BudgetTooSmall
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.learning.outcomes import outcome_of
from stigmergy.platform.monitors import MonitorsConfig, RiskRule, monitors_of
from stigmergy.platform.records import Decision, Question
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import Softmax

LINES: list[Line] = ["fine", "fine", "fine", *ERRORS, AgentLost("x", "gone"), Reply(text="", hand_back="not mine")]


@dataclass(frozen=True)
class Setting:
    graph: AgentGraph
    scripts: dict[str, InOrder]
    budget: Budget
    attempts: int
    seed: int
    risk: tuple[RiskRule, ...] = ()
    approved: bool = False

    async def decision(self, task_id: TaskId, question: Question) -> Decision:
        """Whoever is asked says the same every time."""
        return Decision(place=question.place, approved=self.approved, by="ann")


@st.composite
def settings_of(draw: st.DrawFn, graphs: st.SearchStrategy[AgentGraph], budgets: st.SearchStrategy[Budget]) -> Setting:
    graph = draw(graphs)
    scripts = {node: InOrder(draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))) for node in graph.nodes}
    risky = st.builds(RiskRule, agent=st.sampled_from(graph.nodes), then=st.sampled_from(("approve", "veto")))
    risk = tuple(draw(st.lists(risky, max_size=2)))
    attempts, seed = draw(st.integers(1, 3)), draw(st.integers(0, 99))
    return Setting(graph, scripts, draw(budgets), attempts, seed, risk, draw(st.booleans()))


def run(house: Callable[..., Any], drawn: Setting) -> tuple[Any, Ran | None]:
    made = house(
        drawn.graph,
        drawn.scripts,
        router=RandomRouter(),
        selection=Softmax(1.0),
        max_attempts=drawn.attempts,
        seed=drawn.seed,
        monitors=monitors_of(MonitorsConfig(risk=drawn.risk)),
        approvals=drawn,
    )
    try:
        return made, asyncio.run(made.run(drawn.budget))
    except BudgetTooSmall:
        return made, None


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_whatever_fails_the_run_ends_within_its_budget_and_its_books_balance(
    house: Callable[..., Any],
    graphs: st.SearchStrategy[AgentGraph],
    budgets: st.SearchStrategy[Budget],
    data: st.DataObject,
) -> None:
    drawn = data.draw(settings_of(graphs, budgets))
    made, ran = run(house, drawn)
    if ran is None:
        assert not any(agent.requests for agent in made.agents.values())
        return
    events = [recorded.event for recorded in ran.events]
    state = fold(events)
    assert state.status is ran.episode.status
    assert ran.episode.status in (Status.COMPLETED, Status.DEMOTED, Status.ESCALATED)
    assert drawn.budget.allows(state.charged)
    settled = [event.charged for event in events if isinstance(event, (ev.CallSucceeded, ev.CallFailed, ev.HandedBack))]
    assert state.charged == reduce(Spend.__add__, settled, NOTHING)
    assert ran.episode.charged_usd == state.charged.usd
    assert silent_failures(events) == 0
    check_calls(drawn, made, events)
    check_oversight(drawn, made, events)
    assert outcome_of("ep", events).cost_usd == float(state.charged.usd)
    assert made.delivered == [ran]
    assert all(made.health.overlay().of(agent).load == 0 for agent in made.agents)


def check_oversight(drawn: Setting, made: Any, events: list[ev.Event]) -> None:
    """What is forbidden is never called, nobody is asked twice about a hop, and giving back has an end."""
    forbidden = {rule.agent for rule in drawn.risk if rule.then == "veto" or not drawn.approved}
    assert not any(made.calls(agent) for agent in forbidden)
    asked = [event.node for event in events if isinstance(event, ev.ApprovalAsked)]
    assert len(asked) == len(set(asked))
    backs = [event for event in events if isinstance(event, ev.HandedBack)]
    assert len([event for event in backs if event.node != ESCALATION]) <= 3


def check_calls(drawn: Setting, made: Any, events: list[ev.Event]) -> None:
    """Attempts are bounded, every call was announced, and no side effect was had by two steps."""
    started = [event for event in events if isinstance(event, ev.CallStarted)]
    assert max((event.attempt for event in started), default=1) <= drawn.attempts
    assert sum(len(agent.requests) for agent in made.agents.values()) == len(started)
    steps: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        if isinstance(event, ev.CallFailed) and event.in_doubt is not None:
            steps[event.in_doubt].add(event.step)
        elif isinstance(event, ev.CallSucceeded):
            profile = drawn.graph.escalation if event.node == ESCALATION else drawn.graph.profile(event.node)
            assert profile is not None
            if profile.effect is not None:
                steps[profile.effect].add(event.step)
    assert all(len(keys) == 1 for keys in steps.values())


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_without_failures_nobody_is_ever_cornered(
    house: Callable[..., Any],
    graphs: st.SearchStrategy[AgentGraph],
    budgets: st.SearchStrategy[Budget],
    data: st.DataObject,
) -> None:
    graph = data.draw(graphs)
    _, ran = run(house, Setting(graph, {}, data.draw(budgets), 2, data.draw(st.integers(0, 99))))
    corners = [r.event for r in ran.events if isinstance(r.event, ev.Cornered)] if ran is not None else []
    # Only where every way on repeats a side effect: no way from the start, unless healing drops an optional node.
    assert not corners or corners[0].position == START
    assert not (ran is not None and ran.episode.failures)
