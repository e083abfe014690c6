"""Designs that ask, test and ask again, as trees of escalations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.domain import GOAL
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.paths.call_reading import read_calls
from stigmergy.platform.learning.paths.retry_log import RetryTree, grow_retries
from stigmergy.platform.learning.paths.route_table import tabulate_routes

PRICES = {"small": 0.001, "large": 0.01}


def episode(query: int, design: str, run: int, models: tuple[str, ...], score: float) -> list[dict[str, Any]]:
    return [
        {
            "query_id": f"q{query:02}",
            "agent": design,
            "strategy": design,
            "run": f"run{run}",
            "step": step,
            "n_steps": len(models),
            "model": model,
            "tokens_in": 100 + query,
            "tokens_out": 10,
            "cost_usd": PRICES[model],
            "latency_s": 1.0,
            "final_score": score,
            "split": ("train", "train", "train", "val", "test")[query % 5],
        }
        for step, model in enumerate(models)
    ]


def calls() -> list[dict[str, Any]]:
    """Of two runs of ``small, again`` one fails its tests and is mended; ``large`` alone scores .5 of the time."""
    rows = []
    for query in range(20):
        rows += episode(query, "small, again", 0, ("small",), 1.0)
        rows += episode(query, "small, again", 1, ("small", "small"), float(query % 2))
        rows += episode(query, "large", 0, ("large",), 1.0) + episode(query, "large", 1, ("large",), 0.0)
        rows += episode(query, "once", 0, ("small",), 1.0)
    return rows


def grown(tmp_path: Path, rows: list[dict[str, Any]], excluded: tuple[str, ...] = ()) -> RetryTree:
    steps, attempts = tmp_path / "steps.parquet", tmp_path / "attempts.parquet"
    pq.write_table(pa.Table.from_pylist(rows), steps)
    texts = [{"query_id": f"q{query:02}", "query": f"Write program {query}"} for query in range(20)]
    pq.write_table(pa.Table.from_pylist(texts), attempts)
    return grow_retries(read_calls(steps, attempts), excluded)


def test_after_a_failed_call_come_the_designs_own_retry_and_dearer_models(tmp_path: Path) -> None:
    log = grown(tmp_path, calls()).log
    assert set(log.children(0)) == {"small tested", "large"}
    by_outcome = {str(log.branches.outcome[row]): int(row) for row in log.children(0)["small tested"]}
    assert set(log.children(0, by_outcome["passed its tests"])) == {GOAL}
    assert set(log.children(0, by_outcome["failed its tests"])) == {"small, again goes on", "large"}


def test_an_escalation_is_worth_what_its_calls_are_by_their_shares(tmp_path: Path) -> None:
    table = tabulate_routes(grown(tmp_path, calls()).log)
    found = {arm: (table.quality[0, at], table.cost[0, at]) for at, arm in enumerate(table.arms)}
    assert found["small tested > large"] == pytest.approx((0.5 + 0.5 * 0.5, 0.001 + 0.5 * 0.01))
    assert found["small tested > small, again goes on"] == pytest.approx((0.5, 0.0015))
    assert found["large"] == pytest.approx((0.5, 0.01))


def test_designs_that_cannot_be_used_are_left_out_with_the_reason(tmp_path: Path) -> None:
    half = [row for query in range(10) for row in episode(query, "half", 0, ("large",), 1.0)]
    found = grown(tmp_path, calls() + half)
    assert found.left_out["once"] == "it was run fewer than 2 times"
    assert "50% of the queries" in found.left_out["half"]


def test_calls_whose_prompts_differ_stand_for_no_others(tmp_path: Path) -> None:
    rows = calls()
    next(row for row in rows if row["agent"] == "large")["tokens_in"] = 999
    assert "prompts differ" in grown(tmp_path, rows).left_out["large"]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("cost_usd", -1.0, "at least 0"), ("final_score", float("nan"), "a score lies"), ("step", 7, "steps count from")],
)
def test_a_call_that_cannot_be_used_is_named(tmp_path: Path, column: str, value: Any, said: str) -> None:
    rows = calls()
    rows[5] = {**rows[5], column: value}
    with pytest.raises(InvalidLog, match=said):
        grown(tmp_path, rows)


def test_a_design_to_exclude_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="no design nobody to exclude"):
        grown(tmp_path, calls(), ("nobody",))
