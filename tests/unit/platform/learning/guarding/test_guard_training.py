"""Guards trained and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.guarding.evaluation import evaluate
from stigmergy.platform.learning.guarding.guard_log import Queries, read_guard_log
from stigmergy.platform.learning.guarding.judging import weighted_auroc
from stigmergy.platform.learning.guarding.training import TrainingConfig, train
from stigmergy.routers.guard.calibration import Signal

CONFIG = TrainingConfig(steps=20)


def test_what_to_reject_is_learnt_by_leaving_each_agent_out(guard_log_file: Path) -> None:
    document = evaluate(read_guard_log(guard_log_file), (), CONFIG, 0, told=lambda _: None)
    found = document["suites"]["city"]
    assert found["queries"] == {"known": 45, "strange": 15}
    assert found["score"]["mean"] > 0.9
    assert found["score"]["low"] <= found["score"]["mean"] <= found["score"]["high"]


def test_rejected_queries_in_val_are_learnt_from(guard_log_file: Path) -> None:
    splits = dict(read_guard_log(guard_log_file).suite("city"))
    guard = train({"train": splits["train"], "val": splits["test"]}, CONFIG)
    assert guard.verdict("penguin soup volcano").rejected
    assert guard.verdict("loan interest credit account").agent == "bank"


def test_training_twice_gives_the_same_guard(guard_log_file: Path) -> None:
    splits = read_guard_log(guard_log_file).suite("city")
    one, other = train(splits, CONFIG), train(splits, CONFIG)
    assert one.calibration == other.calibration
    assert np.array_equal(one.labels.weights, other.labels.weights)
    assert (one.neighbours is not None) == (Signal.REMOTENESS in one.calibration.slopes)


def test_one_agent_without_anything_to_reject_cannot_be_learnt(guard_log_file: Path) -> None:
    splits = read_guard_log(guard_log_file).suite("city")
    alone = {name: queries.take(np.asarray(queries.agent == "bank")) for name, queries in splits.items()}
    with pytest.raises(InvalidLog, match="of one agent alone"):
        train(alone, CONFIG)


def test_a_val_split_with_one_query_to_reject_is_too_small(guard_log_file: Path) -> None:
    splits = read_guard_log(guard_log_file).suite("city")
    test = splits["test"]
    few = test.take(~test.strange | (np.cumsum(test.strange) == 1))
    with pytest.raises(InvalidLog, match="too small"):
        train({"train": splits["train"], "val": few}, CONFIG)


def test_an_intent_of_two_agents_is_refused(guard_log_file: Path) -> None:
    splits = read_guard_log(guard_log_file).suite("city")
    vague = replace(splits["train"], label=np.full(len(splits["train"]), "anything", dtype=object))
    with pytest.raises(InvalidLog, match="its intent 'anything' is both"):
        train({"train": vague, "val": splits["val"]}, CONFIG)


def test_a_missing_column_is_named(guard_log_file: Path) -> None:
    pq.write_table(pq.ParquetFile(guard_log_file).read().drop_columns(["gold_agent"]), guard_log_file)
    with pytest.raises(InvalidLog, match="lacks the columns gold_agent"):
        read_guard_log(guard_log_file)


def test_an_unknown_suite_is_named_with_those_there_are(guard_log_file: Path) -> None:
    with pytest.raises(InvalidLog, match="no suite 'town'; it has city"):
        read_guard_log(guard_log_file).suite("town")


def test_a_suite_without_val_cannot_be_trained_on(guard_log_file: Path) -> None:
    log = read_guard_log(guard_log_file)
    kept: dict[str, Queries] = {"train": log.suites["city"]["train"]}
    with pytest.raises(InvalidLog, match="no rows of the splits val"):
        type(log)({"city": kept}, log.files).suite("city")


def test_the_area_counts_ties_half_and_weighs_queries() -> None:
    values, strange = np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True])
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
    assert weighted_auroc(weights, values, strange) == pytest.approx([0.875, 0.5])
