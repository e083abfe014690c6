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

pytestmark = pytest.mark.ray


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
    from ray.rllib.offline.offline_prelearner import OfflinePreLearner

    manifest = make_from_log(log, tmp_path / "out", one_by_one)
    parts = [str(part) for part in DatasetFolder(tmp_path / "out").parts()]
    batch = ray.data.read_parquet(parts).take_batch(manifest.rows)
    schema = {**RLLIB_COLUMNS, "agent_id": None, "module_id": None, "infos": None, "loss_mask": None}
    episodes = OfflinePreLearner._map_to_episodes(False, batch, schema=schema, finalize=False)["episodes"]
    assert len(episodes) == manifest.rows
    size = np.stack(batch["observation"]).shape[1]
    assert all(episode.get_observations(0).shape == (size,) for episode in episodes[:10])
    assert {bool(episode.is_terminated) for episode in episodes} <= {True, False}
