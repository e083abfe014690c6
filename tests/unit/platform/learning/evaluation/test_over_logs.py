"""Gaps averaged over logs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.over_logs import BASELINES, Gaps, over_logs, read_gaps


def _gaps(nearest: float, mine: float, wobble: float = 0.1, samples: int = 200, seed: int = 0) -> Gaps:
    shared = wobble * np.random.default_rng(seed).standard_normal(samples)
    shared[0] = 0.0
    level = dict.fromkeys(BASELINES, 0.0) | {"nearest": nearest, "mine": mine}
    return {name: value + shared for name, value in level.items()}


def test_a_router_is_compared_with_the_baseline_that_is_best_over_all_logs_in_pairs() -> None:
    found = over_logs({"a": _gaps(0.3, 0.32), "b": _gaps(0.1, 0.12, seed=1)})
    assert found["best_baseline"] == "nearest"
    mine = found["routers"]["mine"]
    assert mine["gap_closed"]["mean"] == pytest.approx(0.22)
    assert mine["gap_closed"]["low"] < 0.2
    # What moves all routers alike is no doubt about their order.
    assert mine["versus_best"] == pytest.approx({"mean": 0.02, "low": 0.02, "high": 0.02})
    assert mine["logs"]["b"]["gap_closed"]["mean"] == pytest.approx(0.12)


def test_logs_on_which_a_router_lies_below_the_hull_beyond_doubt_are_named() -> None:
    found = over_logs({"a": _gaps(0.3, -0.5), "b": _gaps(0.1, -0.05, seed=1)})
    assert found["routers"]["mine"]["below_hull"] == ["a"]


def test_a_router_that_lacks_on_a_log_is_left_out() -> None:
    one = _gaps(0.3, 0.4)
    found = over_logs({"a": one, "b": {name: one[name] for name in BASELINES}})
    assert set(found["routers"]) == set(BASELINES)


def test_reports_with_different_numbers_of_samples_are_refused() -> None:
    with pytest.raises(InvalidLog, match="equally many bootstrap samples"):
        over_logs({"a": _gaps(0.3, 0.4), "b": _gaps(0.3, 0.4, samples=100)})


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"routers": {"nearest": {}}}', '{"routers": {}}'])
def test_a_file_that_is_no_report_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(InvalidLog, match=r"report\.json"):
        read_gaps(path)


def test_a_gap_without_value_stays_without() -> None:
    none = {name: np.full(50, np.nan) for name in BASELINES}
    assert over_logs({"a": none})["routers"]["nearest"]["gap_closed"] is None


def test_samples_are_read_back(tmp_path: Path) -> None:
    routers = {name: {"gap_samples": [0.5, None]} for name in BASELINES}
    (tmp_path / "a.json").write_text(json.dumps({"routers": routers}))
    np.testing.assert_array_equal(read_gaps(tmp_path / "a.json")["nearest"], [0.5, np.nan])
