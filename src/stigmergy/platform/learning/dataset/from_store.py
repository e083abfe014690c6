"""A dataset made, or extended, from the journal and the episodes of a store."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from stigmergy.errors import InvalidLog
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode.events import Accepted
from stigmergy.platform.learning.dataset.episode_steps import NOT_JUDGED, split_of
from stigmergy.platform.learning.dataset.folder import DatasetFolder, Manifest
from stigmergy.platform.learning.dataset.jobs import OpenStore, StoreJob, Written
from stigmergy.platform.learning.dataset.journal import (
    OVERLAP,
    Fresh,
    Seen,
    fresh_episodes,
    load_episodes,
    seen_after,
)
from stigmergy.platform.learning.dataset.recipe import Recipe, graph_recipe, load_recipe, save_recipe
from stigmergy.platform.learning.dataset.spreading import Spread
from stigmergy.platform.learning.evaluation.log_reading import TEST
from stigmergy.platform.ports import Store

T = TypeVar("T")
_SAMPLE: Final = 500
"""Episodes of the first run from which query vectors and the names of task types are learnt."""


@dataclass(frozen=True, slots=True)
class StoreAt:
    """A store by its URL, and what opens it."""

    url: str
    opens: OpenStore

    def read(self, read: Callable[[Store], Awaitable[T]]) -> T:
        """What ``read`` makes of the store, which is closed after it."""

        async def work() -> T:
            store = self.opens(self.url)
            try:
                return await read(store)
            finally:
                await store.aclose()

        return asyncio.run(work())

    def __str__(self) -> str:
        password = urlsplit(self.url).password
        return self.url.replace(f":{password}@", ":***@") if password else self.url


def extend_from_store(at: StoreAt, graph: AgentGraph, out: Path, spread: Spread, cost_weight: float = 0.1) -> Manifest:
    """Add to the dataset in ``out`` what finished on a graph since its last run; make it, if there is none.

    Recipe and query vectors are those of the first run. Killed at any moment, the dataset is as it was before.

    Args:
        at: the store.
        graph: whose episodes are taken; those of another version of it are left out.
        out: the folder.
        spread: who writes the parts.
        cost_weight: quality that the span between cheapest and dearest route is worth; looked at in the first run.

    Raises:
        StoreUnavailable: the store cannot be read.
        InvalidLog: there is nothing to make a dataset of, or the one in the folder is of another graph.
    """
    folder = DatasetFolder(out)
    manifest = folder.manifest()
    seen = manifest.seen if manifest else Seen()
    fresh = at.read(lambda store: fresh_episodes(store, graph.name, seen))
    if manifest is None:
        recipe, manifest = _first(at, graph, fresh, folder, cost_weight)
    else:
        recipe = load_recipe(folder.recipe_path)
        if recipe.spec.graph != graph.version:
            raise InvalidLog(str(out), f"it is of version {recipe.spec.graph} of the graph, not of {graph.version}")
    if not fresh:
        return manifest
    written = spread(StoreJob(at.url, at.opens, recipe), [each.id for each in fresh], folder.begin())
    return folder.commit(_grown(manifest, fresh, written))


def _first(
    at: StoreAt, graph: AgentGraph, fresh: Sequence[Fresh], folder: DatasetFolder, cost_weight: float
) -> tuple[Recipe, Manifest]:
    sample = at.read(lambda store: load_episodes(store, [each.id for each in fresh[:_SAMPLE]]))
    found = {logged.task.text for logged in sample if logged.task is not None}
    texts = sorted(text for text in found if split_of(text) != TEST)
    accepted = [event for logged in sample for event in logged.events if isinstance(event, Accepted)]
    if not texts or not accepted:
        raise InvalidLog(str(at), f"it holds no finished episode on graph {graph.name!r} to learn from")
    tasks = sorted({task for event in accepted for task in event.mixture})
    folder.path.mkdir(parents=True, exist_ok=True)
    version = save_recipe(folder.recipe_path, graph_recipe(graph, tasks, texts, cost_weight))
    # Read back: what later runs work with, to the last bit.
    recipe = load_recipe(folder.recipe_path)
    return recipe, Manifest(recipe=version, spec=recipe.spec.version, source=str(at))


def _grown(manifest: Manifest, fresh: Sequence[Fresh], written: Sequence[Written]) -> Manifest:
    reasons = {each.key: each.reason for each in written}
    until = max(each.finished_at for each in fresh)
    waiting = {each.id for each in fresh if reasons[each.id] == NOT_JUDGED and each.finished_at >= until - OVERLAP}
    settled = reasons.keys() - waiting
    left_out = Counter(manifest.left_out) + Counter(reasons[key] for key in settled if reasons[key])
    return replace(
        manifest,
        waiting=len(waiting),
        left_out=dict(left_out),
        seen=seen_after(manifest.seen, fresh, settled),
    )
