"""Files of logged outcomes, and of logged steps, become transitions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.domain import GOAL
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.folder import DatasetFolder
from stigmergy.platform.learning.dataset.from_log import make_from_log
from stigmergy.platform.learning.dataset.recipe import load_recipe
from stigmergy.platform.learning.dataset.spreading import one_by_one
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.rl.transitions import Transitions

QUERIES = 30
PRICE = {"cheap": 0.001, "dear": 0.02}


def outcomes() -> Iterator[dict[str, object]]:
    for query in range(QUERIES):
        for model, price in PRICE.items():
            for run in range(2):
                yield {
                    "query_id": f"q{query}",
                    "task": "sums",
                    "query": f"how much is {query} and {query}",
                    "model": model,
                    "score": float(model == "dear" or query % 3 == 0),
                    "cost_usd": price * (1 + run),
                    "split": ("train", "train", "val", "test")[query % 4],
                }


def steps() -> Iterator[dict[str, object]]:
    """Two designs: one asks cheap once, the other cheap and then dear."""
    for query in range(QUERIES):
        for agent, models in (("single", ("cheap",)), ("escalates", ("cheap", "dear"))):
            for step, model in enumerate(models):
                yield {
                    "query_id": f"q{query}",
                    "agent": agent,
                    "run": "run1",
                    "step": step,
                    "model": model,
                    "cost_usd": PRICE[model] * (1.0 + query / 100),
                    "final_score": float(model == "dear"),
                    "split": ("train", "train", "val", "test")[query % 4],
                }


def made(folder: Path, rows: Iterator[dict[str, object]]) -> Transitions:
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "log.parquet")
    make_from_log(folder / "log.parquet", folder / "out", one_by_one)
    return read_transitions(DatasetFolder(folder / "out").parts())


def test_every_run_of_every_arm_is_an_episode_that_chance_chose(tmp_path: Path) -> None:
    transitions = made(tmp_path, outcomes())
    logged = ~transitions["relabelled"]
    assert logged.sum() == QUERIES * 2 * 2
    assert set(transitions["propensity"][logged]) == {0.5}
    assert (transitions["budget"][logged] == -1).all()


def test_a_small_budget_keeps_only_what_it_pays_for(tmp_path: Path) -> None:
    transitions = made(tmp_path, outcomes())
    lowest = np.char.endswith(transitions["episode"].astype(str), "level0")
    dear = load_recipe(tmp_path / "out" / "recipe.npz").spec.actions.index("dear")
    assert lowest.any()
    assert (transitions["action"][lowest] != dear).all()
    assert not transitions["action_mask"][lowest, dear].any()
    assert set(transitions["propensity"][lowest]) == {1.0}


def test_steps_of_a_run_are_hops_and_the_last_one_is_the_choice_to_stop(tmp_path: Path) -> None:
    transitions = made(tmp_path, steps())
    actions = load_recipe(tmp_path / "out" / "recipe.npz").spec.actions
    assert actions == ("cheap", "dear", GOAL)
    whole = ~transitions["relabelled"] & (transitions["outcome"] == "answered")
    ends = transitions["terminated"] & whole
    assert {actions[action] for action in transitions["action"][ends]} == {GOAL}
    behind_cheap = whole & (transitions["hop"] == 1)
    # Behind the cheap model one of two designs stopped.
    assert set(transitions["propensity"][behind_cheap]) == {0.5}
    first = whole & (transitions["hop"] == 0)
    assert set(transitions["propensity"][first]) == {1.0}


def test_a_call_above_its_cap_is_cut_and_what_came_after_it_is_not_believed(tmp_path: Path) -> None:
    transitions = made(tmp_path, steps())
    cut = transitions["outcome"] == "cut"
    assert cut.any()
    assert transitions["truncated"][cut].all()
    assert not transitions["terminated"][cut].any()
    assert (transitions["reward"][cut] < 0.0).all()


def test_made_again_it_stays_and_of_another_file_it_is_refused(tmp_path: Path) -> None:
    made(tmp_path, outcomes())
    first = DatasetFolder(tmp_path / "out").manifest()
    assert make_from_log(tmp_path / "log.parquet", tmp_path / "out", one_by_one) == first
    pq.write_table(pa.Table.from_pylist(list(steps())), tmp_path / "log.parquet")
    with pytest.raises(InvalidLog, match="take another folder"):
        make_from_log(tmp_path / "log.parquet", tmp_path / "out", one_by_one)


def test_a_file_that_lacks_columns_is_refused_with_their_names(tmp_path: Path) -> None:
    pq.write_table(pa.table({"step": [0], "final_score": [1.0]}), tmp_path / "log.parquet")
    with pytest.raises(InvalidLog, match="query_id, agent, run"):
        make_from_log(tmp_path / "log.parquet", tmp_path / "out", one_by_one)
    assert not (tmp_path / "out").exists()
