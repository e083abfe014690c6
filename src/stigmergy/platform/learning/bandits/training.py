"""From a log of outcomes to the sums that a bandit begins with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.bandits.world import READER, World, make_world
from stigmergy.platform.learning.evaluation.log_reading import TRAIN, read_for_training
from stigmergy.platform.learning.evaluation.outcome_table import tabulate
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.bandit.artifact import BanditArtifact
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.statistics import Statistics, sums_of

_ARMS = 2


def train_bandit(data: Path, shape: ContextShape, cost_weight: float) -> BanditArtifact:
    """The sums over all cells of a log (columns as for replay evaluation) but those of its test split. Deterministic.

    Cells that were not run, or whose cost is not known, are left out.

    Raises:
        InvalidLog: says what of the log cannot be used.
    """
    table = tabulate(read_for_training(data), (TRAIN,))
    if len(table.arms) < _ARMS:
        raise InvalidLog(str(data), f"a router needs two arms to choose from; it has {', '.join(table.arms)}")
    unpriced = [arm for arm, costs in zip(table.arms, table.cost[table.rows_of(TRAIN)].T, strict=True)
                if np.isnan(costs).all()]  # fmt: skip
    if unpriced:
        raise InvalidLog(str(data), f"no cost_usd of {', '.join(unpriced)} is known in train; leave their rows out")
    world = make_world(table, shape, cost_weight)
    return BanditArtifact(
        shape=shape,
        features=READER.version.partition("/")[0],
        cost_weight=cost_weight,
        span_usd=world.span_usd,
        seen=see_all(world, np.arange(len(table.texts))),
        origin=Origin(
            data={Path(path).name: digest for path, digest in table.files.items()},
            code=code_versions()["code"],
            config={**asdict(shape), "cost_weight": cost_weight},
            queries=len(table.texts),
        ),
    )


def see_all(world: World, queries: NDArray[np.intp]) -> Statistics:
    """The sums of every arm over the queries on which its reward is known."""
    found = {}
    for place, arm in enumerate(world.arms):
        known = queries[np.isfinite(world.rewards[queries, place])]
        found[arm] = sums_of(world.contexts[known], world.rewards[known, place])
    return found
