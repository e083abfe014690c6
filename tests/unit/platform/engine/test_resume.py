"""A process dies at any point of a run, and another one goes on from what was kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.scripted import ERRORS, InOrder, Line
from stigmergy.domain import NOTHING, Budget, FailureKind, Spend, Status
from stigmergy.errors import AgentLost, BudgetTooSmall, NotResumable
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.engine import Ran, Recorded
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import Softmax

Build = Callable[..., Any]
LINES: list[Line] = ["yes", "yes", "no", *ERRORS, AgentLost("x", "gone")]


class Died(BaseException):
    """The process is gone: nothing of it may be caught."""


class Dies:
    """Keeps events, and dies at its ``at``-th commit, just before it or just after."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.kept: list[Recorded] = []
        self._commits, self._at, self._after = 0, at, after

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        await asyncio.sleep(0)
        self._commits += 1
        if self._commits > self._at or (self._commits == self._at and not self._after):
            raise Died
        self.kept += [replace(each, event=decode(encode(each.event))) for each in fresh]
        if self._commits == self._at:
            raise Died


async def die_and_resume(made: Any, budget: Budget, at: int, *, after: bool) -> tuple[list[Recorded], Ran]:
    """What the first process kept, and the run as the second one ended it."""
    first = Dies(at, after=after)
    task = made.task(budget)
    try:
        return [], await made.engine.run(task, "ep", first)
    except Died:
        return first.kept, await made.engine.run(task, "ep", past=tuple(first.kept))


def check(ran: Ran, kept: Sequence[Recorded], budget: Budget) -> None:
    events = [recorded.event for recorded in ran.events]
    assert ran.events[: len(kept)] == tuple(kept)
    state = fold(events)
    assert ran.episode.status in (Status.COMPLETED, Status.DEMOTED, Status.ESCALATED)
    assert (state.status, state.route) == (ran.episode.status, ran.episode.route)
    assert budget.allows(state.charged)
    assert silent_failures(events) == 0
    settled = reduce(
        Spend.__add__, [e.charged for e in events if isinstance(e, (ev.CallSucceeded, ev.CallFailed))], NOTHING
    )
    assert settled.at_most(state.charged)
    if not any(isinstance(event, ev.Cancelled) for event in events):
        assert settled == state.charged
    assert max(Counter(e.step for e in events if isinstance(e, ev.CallSucceeded)).values(), default=1) == 1


def run(house: Build, graph: AgentGraph, budget: Budget, data: st.DataObject) -> None:
    scripts = {n: InOrder(data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))) for n in graph.agents}
    made = house(graph, scripts, router=RandomRouter(), selection=Softmax(1.0), seed=data.draw(st.integers(0, 9)))
    at, after = data.draw(st.integers(1, 6)), data.draw(st.booleans())
    try:
        kept, ran = asyncio.run(die_and_resume(made, budget, at, after=after))
    except BudgetTooSmall:
        return
    check(ran, kept, budget)


@given(data=st.data())
@settings(max_examples=70, deadline=None)
def test_wherever_a_process_dies_the_run_goes_on_and_its_books_balance(
    house: Build, graphs: st.SearchStrategy[AgentGraph], budgets: st.SearchStrategy[Budget], data: st.DataObject
) -> None:
    run(house, data.draw(graphs), data.draw(budgets), data)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_wherever_a_process_dies_its_branches_go_on_too(
    house: Build,
    fan_out_graphs: st.SearchStrategy[AgentGraph],
    fan_out_budgets: st.SearchStrategy[Budget],
    data: st.DataObject,
) -> None:
    run(house, data.draw(fan_out_graphs), data.draw(fan_out_budgets), data)


async def test_a_finished_step_is_not_called_again_and_an_unfinished_one_is_under_the_same_key(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a", 1)], [profile("b", 2)], [profile("c", 4)]]))
    kept, ran = await die_and_resume(made, Budget(), 2, after=True)
    assert [made.calls(agent) for agent in "abc"] == [1, 1, 1]
    assert [each.event.kind for each in kept][-2:] == ["hop_chosen", "call_started"]
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("a", "b", "c"))
    (failure,) = ran.episode.failures
    assert (failure.kind, failure.agent, failure.charged.usd) == (FailureKind.INTERRUPTED, "b", Decimal(2))
    assert made.agents["b"].requests[0].step_key == kept[-1].event.step  # type: ignore[union-attr]
    assert ran.episode.charged_usd == Decimal(1 + 2 + 2 + 4)
    assert ran.episode.started_at == kept[0].at


async def test_an_effect_that_may_have_happened_is_not_tried_again(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("pay", 1, effect="payment"), profile("bill", 2, effect="payment")]]))
    _, ran = await die_and_resume(made, Budget(), 1, after=True)
    assert (made.calls("pay"), made.calls("bill")) == (0, 0)
    assert ran.episode.status is Status.ESCALATED
    assert "died before it was answered" in ran.episode.reason


async def test_an_idempotent_effect_is_tried_again(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("pay", 1, effect="payment", idempotent=True)]]))
    _, ran = await die_and_resume(made, Budget(), 1, after=True)
    assert (made.calls("pay"), ran.episode.status) == (1, Status.COMPLETED)


async def test_events_that_are_no_episode_are_not_resumed(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("a", 1)]]))
    kept, _ = await die_and_resume(made, Budget(), 1, after=True)
    with pytest.raises(NotResumable, match="are no episode"):
        await made.engine.run(made.task(), "ep", past=(kept[0], kept[-1]))


async def test_a_run_whose_graph_has_changed_is_not_resumed(house: Build, staged: Build, profile: Build) -> None:
    first = Dies(1, after=True)
    old = house(staged([[profile("a", 1)]]))
    with pytest.raises(Died):
        await old.engine.run(old.task(), "ep", first)
    new = house(staged([[profile("a", 1), profile("b", 1)]]))
    with pytest.raises(NotResumable, match="is served in version"):
        await new.engine.run(new.task(), "ep", past=tuple(first.kept))


async def test_a_run_goes_on_on_the_version_that_it_began_on_as_long_as_that_is_known(
    house: Build, staged: Build, profile: Build
) -> None:
    first = Dies(2, after=True)
    old = house(staged([[profile("a", 1)], [profile("b", 1)]]))
    with pytest.raises(Died):
        await old.engine.run(old.task(), "ep", first)
    new = house(staged([[profile("b", 2)], [profile("a", 2)]]), earlier={old.graph.version: old.graph})
    ran = await new.engine.run(new.task(), "ep", past=tuple(first.kept))
    assert (ran.episode.route, ran.episode.status) == (("a", "b"), Status.COMPLETED)
