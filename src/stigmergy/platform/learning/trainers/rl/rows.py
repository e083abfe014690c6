"""Rows that offline learners pass over: straight from Parquet into NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.rl.transitions import Transitions
from stigmergy.platform.learning.trainers.rl.config import BcConfig, CqlConfig, MarwilConfig, OfflineConfig
from stigmergy.platform.learning.trainers.rl.policy_learner import Batch
from stigmergy.routers.observation import Floats, Places, Truths

CHUNK: Final = 65_536
"""Rows gathered at once; a learner takes them apart into minibatches."""
_COLUMNS: Final = {
    BcConfig: {"obs": "observation", "actions": "action"},
    MarwilConfig: {"obs": "observation", "actions": "action", "value_targets": "return_to_go"},
    CqlConfig: {
        "obs": "observation",
        "actions": "action",
        "rewards": "reward",
        "new_obs": "next_observation",
        "terminateds": "terminated",
    },
}
_NEEDED: Final = ("split", "weight", "hop", "truncated")


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows, named as RLlib does; a row of weight 2 is seen twice as often as one of weight 1."""

    columns: Batch
    weight: Floats

    def __len__(self) -> int:
        return len(self.weight)

    def chunks(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """One pass in an order drawn anew, in batches of ``size`` rows.

        Rows are drawn systematically: one of weight w is there ``floor(w / mean)`` or ``ceil(w / mean)`` times; with
        equal weights each row exactly once.
        """
        upto = np.concatenate(([0.0], np.cumsum(self.weight / self.weight.mean(dtype=np.float64))))
        times: Places = np.diff(np.floor(upto + rng.random())).astype(np.int64)
        order = rng.permutation(np.repeat(np.arange(len(self)), times))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield {name: column[rows] for name, column in self.columns.items()}


def read_rows(parts: Sequence[Path], learner: OfflineConfig, split: str) -> Rows:
    """The rows of a split that a learner can learn from.

    Hops of weight 0 are left out (no router decided them). Behind a truncated hop nothing is known: Q-learning leaves
    that hop out, and weighting by returns the whole episode.

    Raises:
        InvalidLog: there are none.
    """
    named = _COLUMNS[type(learner)]
    logged = read_transitions(parts, [*named.values(), *_NEEDED])
    kept = np.flatnonzero((logged["split"] == split) & (logged["weight"] > 0.0) & ~_unknown(logged, learner))
    if not len(kept):
        raise InvalidLog(", ".join(map(str, parts)), f"there is nothing to learn from in its split {split}")
    columns: dict[str, NDArray[Any]] = {name: logged[column][kept] for name, column in named.items()}
    if isinstance(learner, CqlConfig):
        columns |= {"n_step": np.ones(len(kept), dtype=np.float32), "weights": np.ones(len(kept), dtype=np.float32)}
    return Rows(columns, logged["weight"][kept])


def _unknown(logged: Transitions, learner: OfflineConfig) -> Truths:
    truncated = np.asarray(logged["truncated"], dtype=bool)
    if isinstance(learner, BcConfig):
        return np.zeros_like(truncated)
    if isinstance(learner, CqlConfig):
        return truncated
    first = np.asarray(logged["hop"]) == 0
    ended_so = np.logical_or.reduceat(truncated, np.flatnonzero(first))
    return np.asarray(ended_so[np.cumsum(first) - 1], dtype=bool)
