"""Everything that is kept, behind one door."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stigmergy.domain import EpisodeId
from stigmergy.platform.ports.approvals import ApprovalStore
from stigmergy.platform.ports.budgets import BudgetStore
from stigmergy.platform.ports.episodes import EpisodeStore
from stigmergy.platform.ports.journal import Journal
from stigmergy.platform.ports.policies import PolicyStore
from stigmergy.platform.ports.tasks import TaskStore
from stigmergy.platform.ports.trails import TrailStore


class Retention(Protocol):
    """Forgetting what is old."""

    async def purge(self, before: datetime) -> int:
        """Delete what came to rest before ``before``: ended tasks, episodes with their feedback, and events.

        What belongs to a task that has not ended stays, however old. A purged task's idempotency key is free again.

        Returns:
            How many tasks, episodes and events were deleted together.
        """
        ...


class Store(Retention, Protocol):
    """Everything that is kept, behind one door."""

    @property
    def tasks(self) -> TaskStore:
        """Durable tasks."""
        ...

    @property
    def approvals(self) -> ApprovalStore:
        """What tasks wait for."""
        ...

    @property
    def episodes(self) -> EpisodeStore:
        """Summaries and feedback."""
        ...

    @property
    def journal(self) -> Journal:
        """Events."""
        ...

    @property
    def budgets(self) -> BudgetStore:
        """Accounts that processes share."""
        ...

    @property
    def trails(self) -> TrailStore:
        """Trail checkpoints."""
        ...

    @property
    def policies(self) -> PolicyStore:
        """Trained policies."""
        ...

    async def recorded(self, after: EpisodeId = "", limit: int = 1000) -> tuple[EpisodeId, ...]:
        """Ids above ``after`` of episodes that have a summary or events, in ascending order."""
        ...

    async def aclose(self) -> None:
        """Commit everything that waits, then give back threads and connections. Closing twice is harmless."""
        ...
