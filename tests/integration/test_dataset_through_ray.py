"""A dataset through Ray Data is the one that a single process makes, and RLlib reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.platform.learning.dataset.folder import DatasetFolder
from stigmergy.platform.learning.dataset.from_log import make_from_log
from stigmergy.platform.learning.dataset.spreading import one_by_one, through_ray
from stigmergy.platform.learning.rl.transitions import RLLIB_COLUMNS

# Ray Data and RLlib set options of their own that they have deprecated.
pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [
        {
            "query_id": f"q{query}",
            "task": "sums",
            "query": f"how much is {query} and {query}",
            "model": model,
            "score": float(model == "dear" or query % 3 == 0),
            "cost_usd": price,
            "split": ("train", "train", "val", "test")[query % 4],
        }
        for query in range(40)
        for model, price in (("cheap", 0.001), ("dear", 0.02))
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log.parquet")
    return tmp_path / "log.parquet"


def test_ray_writes_what_one_process_writes(log: Path, tmp_path: Path) -> None:
    alone = make_from_log(log, tmp_path / "alone", one_by_one)
    spread = make_from_log(log, tmp_path / "spread", through_ray)
    assert spread.fingerprint == alone.fingerprint
    assert spread.rows > 0


def test_rllib_makes_episodes_of_its_columns(log: Path, tmp_path: Path) -> None:
    import ray.data
    from ray.rllib.algorithms.bc import BCConfig
    from ray.rllib.offline.offline_prelearner import OfflinePreLearner

    manifest = make_from_log(log, tmp_path / "out", one_by_one)
    parts = [str(part) for part in DatasetFolder(tmp_path / "out").parts()]
    columns = [*RLLIB_COLUMNS.values(), "weight", "action_mask"]
    batch = ray.data.read_parquet(parts, columns=columns).take_batch(manifest.rows)
    prelearner = OfflinePreLearner.__new__(OfflinePreLearner)
    prelearner.config = BCConfig().offline_data(input_=parts, input_read_schema=dict(RLLIB_COLUMNS))
    episodes = prelearner._map_to_episodes(batch)["episodes"]
    assert len(episodes) == manifest.rows
    for row in (0, manifest.rows - 1):
        assert np.array_equal(episodes[row].get_observations(0), batch["observation"][row])
        assert episodes[row].get_rewards(0) == batch["reward"][row]
        assert episodes[row].is_terminated == batch["terminated"][row]
        assert episodes[row].get_extra_model_outputs("weight", 0) == batch["weight"][row]
