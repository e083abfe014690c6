"""What is killed: one replica of a deployment, or the database."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

import psutil

from stigmergy.bench.chaos.stage import Stage

Strike: TypeAlias = Callable[[Stage, random.Random], int]
"""Kills something of a stage with -9; returns how many processes that were."""


def _replica(deployment: str, stage: Stage, rng: random.Random) -> int:
    found = sorted(stage.instance.replicas(deployment), key=lambda process: process.pid)
    if not found:
        return 0
    with suppress(psutil.NoSuchProcess):
        rng.choice(found).kill()
    return 1


def _database(stage: Stage, _rng: random.Random) -> int:
    killed = stage.database.kill()
    stage.database.start()
    return killed


STRIKES: Final[Mapping[str, Strike]] = {
    "worker": partial(_replica, "worker"),
    "gateway": partial(_replica, "gateway"),
    "coordinator": partial(_replica, "coordinator"),
    "postgresql": _database,
}
