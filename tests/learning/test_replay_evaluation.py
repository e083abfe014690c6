"""Replay on a world whose hull, oracle and gaps are known by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stigmergy.platform.learning.evaluation.arm_selection import Selected
from stigmergy.platform.learning.evaluation.curve import budget_grid
from stigmergy.platform.learning.evaluation.embedding import embed_queries
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.evaluation.page import html, leader
from stigmergy.platform.learning.evaluation.replay import MANDATORY, Replay
from stigmergy.platform.learning.evaluation.report import report
from stigmergy.platform.learning.evaluation.versions import code_versions

QUERIES = 240
Document = dict[str, Any]


def table(noise: float = 0.0) -> OutcomeTable:
    """``small`` costs 1 and solves letters; ``large`` costs 3 and solves all; ``broken`` costs 2 and solves nothing.

    The hull runs from (1, .5) to (3, 1); the oracle from (1, .5) to (2, 1).
    """
    numbers = np.arange(QUERIES)
    letters = numbers % 2 == 0
    solved = np.stack((np.zeros(QUERIES), np.ones(QUERIES), letters), axis=1)
    flipped = np.random.default_rng(1).random(solved.shape) < noise
    return OutcomeTable(
        query_ids=tuple(f"q{number:03}" for number in numbers),
        texts=tuple(
            f"Write letter number {number} to Ada" if letters[number] else f"Add {number} and {number * 3} for me"
            for number in numbers.tolist()
        ),
        tasks=tuple(np.where(letters, "letters", "sums").tolist()),
        splits=np.array([("train", "train", "val", "test")[number // 2 % 4] for number in numbers], dtype=object),
        arms=("broken", "large", "small"),
        quality=np.where(flipped, 1.0 - solved, solved),
        cost=np.tile([2.0, 3.0, 1.0], (QUERIES, 1)),
        rows=QUERIES * 3,
        repeated_cells=0,
        files={"made": "0" * 64},
    )


def replayed(found: OutcomeTable, routers: tuple[str, ...] = ("centroid",)) -> Document:
    selected = Selected(table=found, left_out={}, queries_dropped=0)
    readings = Replay(found, embed_queries(found), routers, samples=60).run(1, lambda _: None, clock=lambda: 0.0)
    return report(selected, readings, {}, 1, 60)


@pytest.fixture(scope="module")
def clear() -> Document:
    return replayed(table())


@pytest.fixture(scope="module")
def noisy() -> Document:
    return replayed(table(noise=0.3))


def gap(document: Document, router: str) -> float:
    return float(document["routers"][router]["gap_closed"]["mean"])


def test_who_tells_the_two_kinds_apart_closes_the_whole_gap(clear: Document) -> None:
    for router in ("oracle", "best_per_task", "nearest", "ridge", "centroid"):
        assert gap(clear, router) == pytest.approx(1.0, abs=1e-6), router


def test_the_hull_and_its_two_ends_close_nothing(clear: Document) -> None:
    for router in ("hull", "best_single", "dearest"):
        assert gap(clear, router) == pytest.approx(0.0, abs=1e-6), router


def test_always_the_cheapest_closes_what_the_formula_says(clear: Document) -> None:
    budgets = budget_grid(np.array([1.0]), np.array([3.0]))[0]
    hull, oracle = 0.5 + (budgets - 1) / 4, np.minimum(1.0, 0.5 + (budgets - 1) / 2)
    expected = (0.5 - hull).sum() / (oracle - hull).sum()
    assert gap(clear, "cheapest") == pytest.approx(expected, abs=0.1)


def test_chance_stays_under_the_hull(clear: Document) -> None:
    assert clear["routers"]["random"]["gap_closed"]["high"] < 0.0


def test_cost_shares_are_those_of_the_lines(clear: Document) -> None:
    assert clear["best_single"] == pytest.approx({"quality": 1.0, "cost_usd": 3.0})
    shares = clear["routers"]["best_per_task"]["cost_share"]
    # A fold with more sums than letters needs more than the 2 / 3 that all queries together would need.
    assert 2 / 3 - 1e-3 < shares["0"] < 0.75
    assert shares["3"] < shares["1"] < shares["0"]
    assert clear["routers"]["hull"]["cost_share"]["0"] == pytest.approx(1.0, abs=1e-3)
    assert clear["routers"]["cheapest"]["cost_share"] == {"0": None, "1": None, "3": None}


def test_rare_solvers_are_found_by_who_asks_them(clear: Document) -> None:
    recalls = {
        name: clear["routers"][name]["rare_solver_recall"] for name in ("best_per_task", "best_single", "cheapest")
    }
    assert recalls == pytest.approx({"best_per_task": 1.0, "best_single": 1.0, "cheapest": 0.0})
    assert clear["data"]["queries"]["solved_by_one_arm_alone"] == QUERIES // 2


def test_tasks_are_told_apart_at_the_best_single_arms_cost(clear: Document) -> None:
    tasks = clear["routers"]["best_per_task"]["tasks"]
    assert tasks["letters"] == pytest.approx({"quality": 1.0, "cost_usd": 1.0})
    assert tasks["sums"] == pytest.approx({"quality": 1.0, "cost_usd": 3.0})


def test_every_mandatory_baseline_is_there(clear: Document) -> None:
    assert set(MANDATORY) < set(clear["routers"])
    assert leader(clear) in ("best_per_task", "nearest", "ridge", "centroid")


def test_noise_widens_intervals_round_the_same_order(noisy: Document) -> None:
    found = noisy["routers"]["best_per_task"]["gap_closed"]
    assert found["low"] < found["mean"] < found["high"]
    assert 0.0 < gap(noisy, "best_per_task") < 1.0
    assert gap(noisy, "hull") == 0.0


def test_a_router_does_not_differ_from_itself(noisy: Document) -> None:
    assert noisy["routers"]["nearest"]["versus"]["nearest"] == {"diff": 0.0, "low": 0.0, "high": 0.0}
    best = noisy["routers"]["best_per_task"]
    assert best["versus"]["hull"]["diff"] == pytest.approx(best["gap_closed"]["mean"])


def test_the_same_seed_gives_the_same_report_and_page(noisy: Document) -> None:
    again = replayed(table(noise=0.3))
    assert json.dumps(again) == json.dumps(noisy)
    assert html(again) == html(noisy)


def test_prices_times_a_thousand_change_no_gap(noisy: Document) -> None:
    found = table(noise=0.3)
    dear = OutcomeTable(
        **{name: getattr(found, name) for name in OutcomeTable.__slots__ if name != "cost"}, cost=found.cost * 1024
    )
    assert gap(replayed(dear), "nearest") == pytest.approx(gap(noisy, "nearest"), abs=1e-6)


def test_where_nothing_can_be_gained_the_gap_has_no_value() -> None:
    found = table()
    flat = OutcomeTable(
        **{name: getattr(found, name) for name in OutcomeTable.__slots__ if name != "quality"},
        quality=np.tile([0.0, 1.0, 1.0], (QUERIES, 1)),
    )
    document = replayed(flat)
    assert document["routers"]["nearest"]["gap_closed"] is None
    assert "<svg" in html(document)


def test_the_report_is_strict_json_and_the_page_stands_alone(clear: Document) -> None:
    json.dumps(clear, allow_nan=False)
    page = html(clear)
    assert page.count("<svg") == 4
    assert "<script" not in page
    assert "src=" not in page


def test_the_code_has_a_fingerprint() -> None:
    versions = code_versions()
    assert len(versions["code"]) == 16
    assert {"python", "numpy", "stigmergy", "pyarrow"} < set(versions)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ensemble_stays_at_the_hull_where_outcomes_have_nothing_to_do_with_queries(seed: int) -> None:
    made = table(noise=0.1)
    shuffled = replace(made, quality=made.quality[np.random.default_rng(seed).permutation(QUERIES)])
    gap = replayed(shuffled, ("ensemble",))["routers"]["ensemble"]["gap_closed"]
    assert gap["low"] <= 0.0 <= gap["high"]
    assert gap["mean"] > -0.1
