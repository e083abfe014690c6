"""Which tasks a canary decides. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

from stigmergy.domain import TaskId

_POINTS: Final = 2**64


def is_canarys(task_id: TaskId, canary: str, share: float) -> bool:
    """Whether a task belongs to the ``share`` of traffic, in [0, 1], that the policy named ``canary`` decides.

    By a hash of both names, so that every process says the same of a task, whoever resumes it too. A larger share
    keeps the tasks of a smaller one; another canary gets other tasks.
    """
    digest = hashlib.sha256(f"{canary}/{task_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * _POINTS
