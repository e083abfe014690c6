"""Contests between learners and rules, whole: what is there to be found is found, and what is not is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmergy.platform.learning.contest.arena import arm_arena
from stigmergy.platform.learning.rl.arm_log import ArmLog

pytest.importorskip("ray")

from stigmergy.platform.learning.contest.contest import contest, contest_by_folds
from stigmergy.platform.learning.contest.learning import Effort
from stigmergy.platform.learning.contest.page import html
from stigmergy.platform.learning.contest.report import Document, report

EFFORT = Effort(passes=80, iterations=2, episodes=256, logged=1_000, units=16)
LEARNERS = ("bopo", "bc", "marwil", "cql", "lagrangian")


def _quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def document(make_log: Callable[..., ArmLog]) -> Document:
    return report([contest(arm_arena("two kinds", make_log(300)), 1, EFFORT, _quiet)], {}, 50)


def test_every_policy_has_figures_at_every_level_and_none_exceeds_a_budget(document: Document) -> None:
    found = document["data"]["two kinds"]
    rules = {"always_small", "always_large", "first_large", "random_mixture", "nearest"}
    assert set(found["policies"]) == {*rules, "best_payable", *LEARNERS}
    for levels in found["policies"].values():
        assert len(levels) == len(found["levels"]) == 5
        assert all(level["violations"] == 0 for level in levels)
        assert all(level["success"]["low"] <= level["success"]["mean"] <= level["success"]["high"] for level in levels)


def test_boundary_optimisation_finds_the_cheap_arm_of_every_question(document: Document) -> None:
    levels = document["data"]["two kinds"]["policies"]["bopo"]
    assert levels[2]["success"]["mean"] > 0.9
    assert levels[4]["success"]["mean"] > 0.9


def test_where_looking_at_queries_pays_the_report_says_so(document: Document) -> None:
    assert document["data"]["two kinds"]["signal"]["found"]
    assert "Looking at queries pays" in html(document)


def test_shuffled_outcomes_are_reported_to_carry_no_signal(make_log: Callable[..., ArmLog]) -> None:
    arena = arm_arena("shuffled", make_log(400, shuffled=True))
    found = report([contest(arena, 1, EFFORT, _quiet)], {}, 200)
    assert not found["data"]["shuffled"]["signal"]["found"]
    assert "no signal" in html(found)


def test_a_small_log_is_tested_on_every_query_and_held_to_no_bar(make_log: Callable[..., ArmLog]) -> None:
    short = Effort(passes=1, iterations=1, episodes=64, logged=64, units=8)
    found = report([contest_by_folds("small", make_log(100), 1, short, _quiet)], {}, 20)
    assert found["data"]["small"]["queries"] == 100
    assert found["pooled"] == {}
