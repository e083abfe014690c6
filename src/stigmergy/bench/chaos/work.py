"""The work of every agent of the bench: noted the moment it begins, outside of everything that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stigmergy.agents.base import Request

NOTES = "notes"
"""The label that names the file to note in."""
SECONDS = "work_s"
"""The label that says how long a step takes."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A call of an agent that began: its step key, when (seconds since the epoch), and in which process."""

    step: str
    at: float
    pid: int


async def work(request: Request) -> str:
    """Note the call, take the time, answer."""
    note(Path(request.labels[NOTES]), Execution(request.step_key, time.time(), os.getpid()))
    await asyncio.sleep(float(request.labels[SECONDS]))
    return "done"


def note(path: Path, execution: Execution) -> None:
    """Append one line in one write, so that processes do not mix theirs and a killed one leaves no half."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{json.dumps(asdict(execution))}\n".encode())
    finally:
        os.close(file)


def executions(path: Path) -> list[Execution]:
    """Everything that was noted, in the order in which it began."""
    if not path.exists():
        return []
    return [Execution(**json.loads(line)) for line in path.read_text().splitlines()]
