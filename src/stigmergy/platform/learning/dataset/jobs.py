"""One part of a dataset made from some episodes, wherever it runs; no Ray in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow.parquet as pq

from stigmergy.platform.learning.dataset.episode_steps import Logged, steps_of
from stigmergy.platform.learning.dataset.journal import load_episodes
from stigmergy.platform.learning.dataset.recipe import Recipe
from stigmergy.platform.learning.dataset.tables import to_table
from stigmergy.platform.learning.rl.draws import LEVELS, log_spaced
from stigmergy.platform.learning.rl.relabelling import with_hindsight
from stigmergy.platform.learning.rl.steps import Steps
from stigmergy.platform.learning.rl.transitions import make_transitions
from stigmergy.platform.ports import Store
from stigmergy.routers.observation import Money

OpenStore: TypeAlias = Callable[[str], Store]
"""URL in, store out: a function of a module, so that other processes can open the store themselves."""


class Job(Protocol):
    """Where the steps of a dataset come from. It is sent to the processes that do the work."""

    @property
    def recipe(self) -> Recipe:
        """How they are encoded and rewarded."""
        ...

    def steps(self, keys: Sequence[str]) -> tuple[Steps | None, Mapping[str, str]]:
        """The steps of the episodes under these keys, and why each of the others is left out."""
        ...

    def budgets(self, steps: Steps) -> list[Money]:
        """The budgets to relabel them to: per level one for each episode, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one key: ``reason`` is "" where it is in the part."""

    key: str
    reason: str


def write_part(job: Job, path: Path, keys: Sequence[str]) -> list[Written]:
    """Write the transitions of some episodes, with their copies in hindsight, to one Parquet file.

    No file is written where none of them can be learnt from. The same episodes give the same bytes.
    """
    steps, left_out = job.steps(keys)
    if steps is not None:
        whole = with_hindsight(steps, job.budgets(steps))
        pq.write_table(to_table(make_transitions(job.recipe.spec, whole, job.recipe.terms)), path, compression="zstd")
    return [Written(key=key, reason=left_out.get(key, "")) for key in keys]


@dataclass(frozen=True, slots=True)
class StoreJob:
    """Episodes of a store. In hindsight budgets lie between the cheapest and the dearest route of the graph."""

    url: str
    open_store: OpenStore
    recipe: Recipe

    def steps(self, keys: Sequence[str]) -> tuple[Steps | None, Mapping[str, str]]:
        """See ``Job``.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        loaded = asyncio.run(_load(self.open_store(self.url), keys))
        steps, left_out = steps_of(loaded, self.recipe)
        gone = set(keys) - {logged.episode.id for logged in loaded}
        return steps, left_out | dict.fromkeys(gone, "gone")

    def budgets(self, steps: Steps) -> list[Money]:
        """See ``Job``."""
        ones = np.ones(int(steps.first.sum()), dtype=np.int64)
        return [log_spaced(self.recipe.spec.low * ones, self.recipe.spec.high * ones, level) for level in LEVELS]


async def _load(store: Store, keys: Sequence[str]) -> list[Logged]:
    try:
        return await load_episodes(store, keys)
    finally:
        await store.aclose()
