from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from stigmergy.domain import GOAL, START, Budget, Spend, TokenCaps
from stigmergy.errors import DuplicateName, GoalUnreachable
from stigmergy.platform.clock import Clock
from stigmergy.testing import EPOCH, FakeClock, agent_profile, linear_graph, task


def test_time_stands_still_until_it_is_told_to_go_on() -> None:
    fake = FakeClock()
    clock: Clock = fake
    assert (clock.now(), clock.monotonic()) == (EPOCH, 0.0)
    fake.advance(1.5)
    fake.advance(0)
    assert (clock.now(), clock.monotonic()) == (EPOCH + timedelta(seconds=1.5), 1.5)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match=r"-0\.5"):
        FakeClock().advance(-0.5)


def test_an_agent_costs_the_same_whatever_its_tokens() -> None:
    profile = agent_profile("solver", "0.002", caps=TokenCaps(100, 10, 3))
    assert profile.worst_case() == Spend(Decimal("0.006"), 330, 3)
    assert profile.price.of(10**6, 10**6) == Decimal("0.002")


def test_a_task_has_what_was_given() -> None:
    made = task("2+2?", budget=Budget(max_calls=3), reference="4")
    assert (made.text, made.budget.max_calls, made.reference, made.created_at) == ("2+2?", 3, "4", EPOCH)


def test_each_agent_of_a_stage_leads_to_each_of_the_next() -> None:
    graph = linear_graph([[("parse", "0.001")], [("cheap", "0.001"), ("dear", 1)]])
    assert graph.successors(START) == ("parse",)
    assert graph.successors("parse") == ("cheap", "dear")
    assert graph.successors("dear") == (GOAL,)
    assert graph.worst_case("dear").usd == 1


def test_stages_without_agents_and_names_used_twice_are_refused() -> None:
    with pytest.raises(GoalUnreachable):
        linear_graph([])
    with pytest.raises(DuplicateName):
        linear_graph([[("a", 1)], [("a", 1)]])
