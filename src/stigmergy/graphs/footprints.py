"""Which episodes made a trail: of every edge and task type the few with the largest deposits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, TypeAlias

from stigmergy.domain import EpisodeId, NodeId, TaskType

KEPT: Final = 3
"""Footprints that are kept per edge and task type."""
LEAST_SHARE: Final = 0.05
"""An episode leaves none on task types that make up less of its query: they would only crowd the record."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What is left of one episode's deposit; it evaporates as the trail does. Below 0: the trail was weakened."""

    episode: EpisodeId
    amount: float


Footprints: TypeAlias = Mapping[tuple[NodeId, NodeId], tuple[Footprint, ...]]
FootprintTable: TypeAlias = Mapping[TaskType, Footprints]


def largest(a: tuple[Footprint, ...], b: tuple[Footprint, ...]) -> tuple[Footprint, ...]:
    """The ``KEPT`` largest of both by absolute amount, the largest first, ties by episode.

    Commutative and associative, as a trail's deltas have to be. Evaporation takes the same share of all, so whatever
    was dropped would never have come back.
    """
    return tuple(nsmallest(KEPT, (*a, *b), key=lambda left: (-abs(left.amount), left.episode, left.amount)))


def faded(table: FootprintTable, share: float) -> FootprintTable:
    """All amounts times ``1 - share``."""
    return {
        task_type: {
            edge: tuple(Footprint(each.episode, (1.0 - share) * each.amount) for each in left)
            for edge, left in row.items()
        }
        for task_type, row in table.items()
    }
