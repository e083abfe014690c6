"""Ray, where a training needs it: processes that play or compute gradients beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ray

from stigmergy.platform.learning.trainers.rl.config import RlTraining


@contextmanager
def joined_cluster(training: RlTraining) -> Iterator[None]:
    """Ray inside the block: the cluster that this process belongs to, as in a Ray job, else one of this machine.

    A training in one process needs no Ray and starts none.
    """
    needed = bool(training.env_runners or training.learners or training.search)
    if not needed or ray.is_initialized():
        yield
        return
    ray.init(log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    try:
        yield
    finally:
        ray.shutdown()
