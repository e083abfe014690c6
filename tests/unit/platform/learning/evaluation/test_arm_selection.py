"""Which arms and queries are compared, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.arm_selection import Selected, select_arms
from stigmergy.platform.learning.evaluation.log_reading import read_file
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable, tabulate

Rows = list[dict[str, Any]]


@pytest.fixture
def table(write: Callable[..., Path]) -> Callable[[Rows], OutcomeTable]:
    return lambda rows: tabulate(read_file(write(rows)))


def selected(table: OutcomeTable, *excluded: str) -> Selected:
    return select_arms(table, excluded)


def test_several_runs_of_a_cell_count_as_their_mean(log: Callable[..., Rows], table: Any) -> None:
    rows = log(30)
    rows.append({**rows[0], "score": 1.0 - rows[0]["score"], "cost_usd": 0.003})
    found = table(rows)
    place = found.arms.index("small")
    assert found.repeated_cells == 1
    assert found.quality[0, place] == 0.5
    assert found.cost[0, place] == pytest.approx(0.002)


def test_rows_in_another_order_make_the_same_table(log: Callable[..., Rows], table: Any) -> None:
    rows = log(30)
    one, other = table(rows), table(rows[::-1])
    assert one.query_ids == other.query_ids
    np.testing.assert_array_equal(one.quality, other.quality)


def test_a_query_whose_rows_disagree_is_left_out_and_counted(log: Callable[..., Rows], table: Any) -> None:
    rows = log(30)
    rows[1]["query"] = "something else"
    rows[4]["split"] = "val"
    found = table(rows)
    assert found.contradicting_queries == 2
    assert "q000" not in found.query_ids
    assert found.rows == 90


def test_a_missing_cell_drops_its_query_and_no_more(log: Callable[..., Rows], table: Any) -> None:
    rows = [row for row in log(60) if (row["query_id"], row["model"]) != ("q008", "large")]
    found = selected(table(rows))
    assert found.queries_dropped == 1
    assert len(found.table.query_ids) == 59
    assert not np.isnan(found.table.quality).any()


def test_an_arm_that_is_rarely_scored_is_left_out_with_the_share(log: Callable[..., Rows], table: Any) -> None:
    rows = [row for row in log(60) if row["model"] != "large" or int(row["query_id"][1:]) % 10 > 0]
    found = selected(table(rows))
    assert found.left_out == {"large": "scored on 85.7% of train, 95% are needed"}


def test_an_arm_of_unknown_cost_is_left_out_and_said(log: Callable[..., Rows], table: Any) -> None:
    rows = [{**row, "cost_usd": None if row["model"] == "large" else row["cost_usd"]} for row in log(60)]
    found = selected(table(rows))
    assert found.table.arms == ("middle", "small")
    assert found.left_out == {"large": "its cost is known on 0.0% of train, 90% are needed"}


def test_the_twelve_best_on_train_stay(log: Callable[..., Rows], table: Any) -> None:
    rows = log(60)
    for number in range(12):
        rows += [{**row, "model": f"weak{number:02}", "score": 0.01 * number} for row in rows[::3][:60]]
    found = selected(table(rows))
    assert len(found.table.arms) == 12
    assert set(found.left_out) == {"weak00", "weak01", "weak02"}


def test_an_excluded_arm_has_to_be_there(log: Callable[..., Rows], table: Any) -> None:
    assert selected(table(log()), "large").left_out == {"large": "excluded by the caller"}
    with pytest.raises(InvalidLog, match="no arm huge to exclude; its arms: large, middle, small"):
        selected(table(log()), "huge")
