"""Summaries of episodes, and feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stigmergy.domain import Episode, EpisodeId
from stigmergy.platform.records import Closing, EpisodeFilter, EpisodePage, Feedback, StoredEvent


class EpisodeStore(Protocol):
    """One summary row per episode, and the feedback on it."""

    async def save(self, episode: Episode) -> None:
        """Insert or replace. An episode saved without a quality keeps the one that feedback gave it.

        A head that is stored stays: what is saved again may be older than the feedback that moved it.
        """
        ...

    async def save_many(self, episodes: Sequence[Episode]) -> None:
        """Save all of ``episodes`` or none of them."""
        ...

    async def add(self, closing: Closing) -> None:
        """Store an episode that ended without a task's row: its events and its summary, all or nothing.

        Raises:
            SequenceConflict: events of it are stored already; nothing was stored.
        """
        ...

    async def add_many(self, closings: Sequence[Closing]) -> None:
        """``add`` all of ``closings``, or none of them.

        Raises:
            SequenceConflict: events of one of them are stored already; nothing was stored.
        """
        ...

    async def get(self, episode_id: EpisodeId) -> Episode:
        """The episode.

        Raises:
            EpisodeNotFound: none is stored under this id.
            RecordUnreadable: the row was changed to something that is no episode.
        """
        ...

    async def list(self, narrow: EpisodeFilter) -> EpisodePage:
        """The episodes that ``narrow`` leaves, the last finished first (then by id, downwards).

        Paging is stable: what is saved while somebody turns pages neither repeats nor hides an older row.

        Raises:
            InvalidQuery: the cursor is not one of ours, or the limit is below one.
        """
        ...

    async def add_feedback(self, feedback: Feedback, given: StoredEvent) -> None:
        """Keep the feedback, append ``given``, the event that tells of it, and move the head: all of it or nothing.

        The quality becomes the episode's. The head moves only from the hash that ``given`` carries: over a journal
        that was changed it stays where it was, so that the change is still found.

        Raises:
            EpisodeNotFound: none is stored under this id.
            SequenceConflict: the event's number is already taken; nothing was stored.
            StoreError: the event is of another episode.
        """
        ...

    async def add_judgement(self, episode_id: EpisodeId, quality: float, given: StoredEvent) -> None:
        """Keep a quality that the platform's own judge gave: as ``add_feedback``, but no feedback is kept.

        Raises:
            EpisodeNotFound, SequenceConflict, StoreError: as ``add_feedback``.
        """
        ...

    async def feedback(self, episode_id: EpisodeId) -> tuple[Feedback, ...]:
        """All feedback on the episode in the order it came; empty for an unknown episode."""
        ...
