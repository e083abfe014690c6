"""Parts written side by side through Ray Data; the one module of the dataset that imports Ray."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from stigmergy.platform.learning.dataset.jobs import Job, Written, write_part

Spread: TypeAlias = Callable[[Job, Sequence[str], Path], list[Written]]
"""Writes the parts of all keys to a folder."""
CHUNK: Final = 2000
"""Episodes in one part."""


def one_by_one(job: Job, keys: Sequence[str], aside: Path) -> list[Written]:
    """All parts in this process, one after another."""
    return [each for path, part in _chunks(keys, aside) for each in write_part(job, path, part)]


def through_ray(job: Job, keys: Sequence[str], aside: Path) -> list[Written]:
    """All parts through Ray Data, on as many CPUs as the cluster has; Ray is started if it does not run.

    On a cluster the folder, and a store that is a file, have to be on a disk that all nodes see.
    """
    import ray
    import ray.data

    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    rows = [{"path": str(path), "keys": list(part)} for path, part in _chunks(keys, aside.resolve())]

    def write(row: dict[str, Any]) -> list[dict[str, str]]:
        done = write_part(job, Path(row["path"]), [str(key) for key in row["keys"]])
        return [{"key": each.key, "reason": each.reason} for each in done]

    written = ray.data.from_items(rows, override_num_blocks=max(1, len(rows))).flat_map(write)
    return [Written(key=row["key"], reason=row["reason"]) for row in written.take_all()]


def _chunks(keys: Sequence[str], aside: Path) -> list[tuple[Path, Sequence[str]]]:
    starts = range(0, len(keys), CHUNK)
    return [(aside / f"part-{n:05}.parquet", keys[start : start + CHUNK]) for n, start in enumerate(starts)]
