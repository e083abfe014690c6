"""What tasks wait for somebody to decide."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stigmergy.domain import TaskId
from stigmergy.platform.records import Decision, Question, TaskRecord


class ApprovalStore(Protocol):
    """What unfinished tasks wait for somebody to decide, and the decisions, in the rows of the tasks.

    A task waits for one decision at a time. Its owner asks, and hears the decision wherever it was given; what an owner
    that does not hold the task any more says changes nothing. Every method may raise TaskNotFound.
    """

    async def ask(self, task_id: TaskId, owner: str, question: Question, at: datetime) -> TaskRecord:
        """The task needs an approval from now on. A decision that was given at the same place already is kept."""
        ...

    async def decide(self, task_id: TaskId, decision: Decision, at: datetime) -> TaskRecord:
        """Keep what somebody decided, until the owner has heard of it; the same decision again changes nothing.

        Raises:
            ApprovalNotAsked: nothing is asked, something is asked at another place, or the opposite was decided.
        """
        ...

    async def decided(self, owner: str) -> tuple[TaskRecord, ...]:
        """The tasks of ``owner`` that wait, and about which somebody has decided."""
        ...

    async def close(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """The task runs on: the question and its decision are forgotten."""
        ...

    async def let_go(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """The owner goes away while the task waits: anybody may claim it, and this attempt does not count."""
        ...
