"""The faults of the demo, at fixed moments of a run: a replica is killed, an agent begins to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stigmergy.deployments.instance import Instance


@dataclass(slots=True)
class Faults:
    """Call it with the number of tasks done; each fault strikes once."""

    instance: Instance
    deployment: str
    refusal: Path
    kill_at: int
    refuse_at: int
    killed: int = 0

    def __call__(self, done: int) -> None:
        """Strike what is due."""
        if done == self.kill_at:
            self.killed = self.instance.kill_replicas(self.deployment)
        if done == self.refuse_at:
            self.refusal.touch()
