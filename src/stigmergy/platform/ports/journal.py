"""The events of episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stigmergy.domain import EpisodeId
from stigmergy.platform.records import Fence, StoredEvent


class Journal(Protocol):
    """The append-only events of every episode."""

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        """Store all of ``events`` or none of them; behind a ``fence`` only while it stands.

        Raises:
            SequenceConflict: a number is already taken; nothing was stored.
            TaskTakenOver: the task of the fence has ended, or another process runs it; nothing was stored.
            StoreError: an event belongs to another episode.
        """
        ...

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        """The events with a number above ``after``, in order; empty for an unknown episode.

        Raises:
            RecordUnreadable: a row was changed to something that is no event.
        """
        ...
