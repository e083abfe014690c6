"""The contract of an evaluator."""

from __future__ import annotations

from typing import Protocol

from stigmergy.domain import Task


class Evaluator(Protocol):
    """Judges an answer to a task."""

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        """The answer's quality in [0, 1], or None where it cannot be judged (as without a reference).

        An answer of None, where one could have been judged, is worth 0.
        """
        ...
