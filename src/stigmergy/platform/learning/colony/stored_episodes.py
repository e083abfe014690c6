"""What the episodes of a store can teach a colony."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from stigmergy.domain import Episode
from stigmergy.errors import IllegalEvent, RecordUnreadable
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.learning.outcomes import outcome_of
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter
from stigmergy.routers.base import Outcome

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Outcomes, oldest first; how many episodes were left out, by reason; sha256 of what was read, by its name."""

    outcomes: tuple[Outcome, ...]
    left_out: Mapping[str, int]
    data: Mapping[str, str]


async def lessons_of(store: Store, graph: AgentGraph) -> Lessons:
    """The judged episodes of one graph, by whatever router; those that walked what it no longer has are left out.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    outcomes, left_out, digest = [], Counter[str](), hashlib.sha256()
    async for episode in _newest_first(store, graph.name):
        found = await _outcome(store, episode, graph)
        if isinstance(found, str):
            left_out[found] += 1
            continue
        outcomes.append(found)
        digest.update(f"{episode.id} {episode.head}\n".encode())
    return Lessons(
        outcomes=tuple(reversed(outcomes)), left_out=left_out, data={f"episodes of {graph.name}": digest.hexdigest()}
    )


async def _newest_first(store: Store, graph: str) -> AsyncIterator[Episode]:
    narrow = EpisodeFilter(graph=graph, limit=_PAGE)
    while True:
        page = await store.episodes.list(narrow)
        for episode in page.episodes:
            yield episode
        if page.next_cursor is None:
            return
        narrow = replace(narrow, cursor=page.next_cursor)


async def _outcome(store: Store, episode: Episode, graph: AgentGraph) -> Outcome | str:
    """What it teaches, or why it teaches nothing."""
    if episode.quality is None:
        return "nobody judged them"
    try:
        stored = await store.journal.read(episode.id)
        outcome = outcome_of(episode.id, [decode(event.payload) for event in stored])
    except (RecordUnreadable, ValidationError, IllegalEvent, StopIteration):
        return "their events cannot be read"
    if not outcome.steps:
        return "no agent did a step"
    if not all(graph.digraph.has_edge(step.source, step.node) for step in outcome.steps):
        return f"they walked edges that {graph.name} does not have"
    return outcome
