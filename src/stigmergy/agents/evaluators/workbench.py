"""The workbench's own judge of its own tasks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from stigmergy.domain import Task


@dataclass(frozen=True, slots=True)
class WorkbenchEvaluator:
    """Asks ``check_answer``, off the event loop because it computes."""

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """See ``Evaluator``."""
        if task.reference is None:
            return None
        if answer is None:
            return 0.0
        from stigmergy.agents.workbench.evaluator import check_answer

        try:
            return await asyncio.to_thread(check_answer, task.reference, answer)
        except (ValueError, AttributeError):  # not one of the workbench's references
            return None
