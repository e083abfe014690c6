"""Rules that learned policies have to beat, played under budgets."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.learning.contest.arena import Arena
from stigmergy.platform.learning.contest.playing import Stage
from stigmergy.platform.learning.contest.rules import Planner, nearest_rule, rules, teacher
from stigmergy.platform.learning.rl.draws import LEVELS


@pytest.fixture(scope="module")
def stage(arena: Arena) -> Stage:
    return Stage(arena, "test", LEVELS)


def test_nobody_spends_more_than_the_budget(arena: Arena, stage: Stage) -> None:
    assert all(stage.play(rule).violations.sum() == 0 for rule in rules(arena, 0).values())


def test_at_the_lowest_level_only_the_cheapest_arm_can_be_paid(arena: Arena, stage: Stage) -> None:
    found = [stage.play(rule).success[0].mean() for rule in rules(arena, 0).values()]
    assert found == pytest.approx([0.5] * len(found))


def test_nearest_neighbours_know_which_cheap_arm_solves_a_question(arena: Arena, stage: Stage) -> None:
    found = stage.play(nearest_rule(arena))
    assert found.success[2].mean() > 0.9
    assert stage.play(rules(arena, 0)["first_large"]).success[2].mean() < 0.6


def test_a_price_keeps_a_planner_from_dear_calls(arena: Arena, stage: Stage) -> None:
    told = arena.success
    careless, careful = (stage.play(Planner(arena, told, price)) for price in (0.0, 0.1))
    assert careful.success.mean() == careless.success.mean()
    assert careful.dear.sum() == 0
    assert (careful.cost.mean(axis=1) <= careless.cost.mean(axis=1) + 1e-12).all()


def test_first_large_makes_a_dear_call_per_query_where_it_can_pay_for_it(arena: Arena, stage: Stage) -> None:
    found = stage.play(rules(arena, 0)["first_large"])
    assert found.dear.mean(axis=1).tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_the_teacher_takes_the_highest_price_that_costs_next_to_no_success(arena: Arena) -> None:
    assert teacher(arena).price >= 0.1


def test_what_policies_see_are_prospects_of_what_the_budget_pays(arena: Arena) -> None:
    source, rows = arena.source, arena.rows("test")
    feasible = np.tile([True, True, False], (len(rows), 1))
    seen = source.looks(rows, source.start(rows), source.price_range(rows)[0], feasible)
    assert seen.min() >= -1.0
    assert (seen[:, :2].max(axis=1) == 0.0).all()
