"""Seeded workbench tasks, balanced over families and difficulties."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from stigmergy.agents.workbench.families.catalog import ALL, FAMILIES
from stigmergy.agents.workbench.task import Difficulty, FamilyName, WorkbenchTask

DIFFICULTIES: Final[tuple[Difficulty, ...]] = ("easy", "medium", "hard")
_MOST_TRIES: Final = 200


def generate_tasks(seed: int, count: int, families: Sequence[FamilyName] = ALL) -> tuple[WorkbenchTask, ...]:
    """``count`` tasks with distinct texts; the same arguments give the same tasks.

    Families and difficulties go round, so that any run of ``3 * len(families)`` tasks holds each pair once; the order
    is then shuffled by the same seed.

    Raises:
        ValueError: a family is unknown or none is given, or ``count`` is more than a family has distinct texts for.
    """
    unknown = [family for family in families if family not in FAMILIES]
    if unknown or not families:
        raise ValueError(f"families {list(families)} should be some of {', '.join(ALL)}")
    rng = random.Random(seed)
    pairs = [(family, difficulty) for difficulty in DIFFICULTIES for family in families]
    tasks: dict[str, WorkbenchTask] = {}
    for index in range(count):
        family, difficulty = pairs[index % len(pairs)]
        task = _new_task(rng, family, difficulty, tasks)
        tasks[task.text] = task
    shuffled = list(tasks.values())
    rng.shuffle(shuffled)
    return tuple(shuffled)


def _new_task(
    rng: random.Random, family: FamilyName, difficulty: Difficulty, known: dict[str, WorkbenchTask]
) -> WorkbenchTask:
    for _ in range(_MOST_TRIES):
        task = FAMILIES[family].generate(rng, difficulty)
        if task.text not in known:
            return task
    raise ValueError(f"no new {difficulty} {family} task in {_MOST_TRIES} tries; ask for fewer tasks")
