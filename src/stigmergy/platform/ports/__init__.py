"""What the use cases need from the outside, as protocols.

Storage ports are awaitable, and a call that returned is committed: another process sees it. Every one of them may
raise StoreUnavailable; each docstring names only what it raises beyond that. A caller that is cancelled while it
waits does not undo its write.
"""

from __future__ import annotations

from stigmergy.platform.ports.approvals import ApprovalStore
from stigmergy.platform.ports.budgets import BudgetStore
from stigmergy.platform.ports.episodes import EpisodeStore
from stigmergy.platform.ports.journal import Journal
from stigmergy.platform.ports.policies import PolicyStore
from stigmergy.platform.ports.store import Retention, Store
from stigmergy.platform.ports.tasks import TaskStore
from stigmergy.platform.ports.trails import TrailStore

__all__ = [
    "ApprovalStore",
    "BudgetStore",
    "EpisodeStore",
    "Journal",
    "PolicyStore",
    "Retention",
    "Store",
    "TaskStore",
    "TrailStore",
]
