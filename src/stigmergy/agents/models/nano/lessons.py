"""What the nano models learn and are asked: canonical workbench tasks in three tiers, told apart by length alone.

Sums of numbers with more digits, and transformations of longer texts. The references are the workbench's, so its
checkers judge the answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

TIERS: Final[tuple[Difficulty, ...]] = ("easy", "medium", "hard")
_SUMS: Final = 0.5
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final[dict[Difficulty, tuple[int, int]]] = {"easy": (1, 2), "medium": (2, 3), "hard": (3, 3)}
_LENGTHS: Final[dict[Difficulty, tuple[int, int]]] = {"easy": (2, 5), "medium": (6, 10), "hard": (11, 16)}
_CHANGES: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "upper": ("Capitals: {}.", str.upper),
    "reverse": ("Backwards: {}.", lambda text: text[::-1]),
    "drop": ("No vowels: {}.", lambda text: "".join(sign for sign in text if sign not in "aeiou")),
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A task with the answer that a model should write."""

    task: WorkbenchTask
    answer: str


def draw_lesson(rng: random.Random, tier: Difficulty) -> Lesson:
    """One lesson of a tier: a sum or a transformation, one as likely as the other."""
    return _sum(rng, tier) if rng.random() < _SUMS else _change(rng, tier)


def draw_tasks(seed: int, count: int) -> tuple[WorkbenchTask, ...]:
    """``count`` tasks with distinct texts, the tiers in turn; the same arguments give the same tasks."""
    rng = random.Random(seed)
    tasks: dict[str, WorkbenchTask] = {}
    while len(tasks) < count:
        task = draw_lesson(rng, TIERS[len(tasks) % len(TIERS)]).task
        tasks.setdefault(task.text, task)
    return tuple(tasks.values())


def _sum(rng: random.Random, tier: Difficulty) -> Lesson:
    left, right = (_number(rng, rng.randint(*_DIGITS[tier])) for _ in range(2))
    value = left + right
    task = make_task(f"What is {left} + {right}?", "arithmetic", tier, value=str(Fraction(value)), form={})
    return Lesson(task, str(value))


def _number(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def _change(rng: random.Random, tier: Difficulty) -> Lesson:
    text = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(*_LENGTHS[tier])))
    asking, change = _CHANGES[rng.choice(tuple(_CHANGES))]
    if not (value := change(text)):
        # Vowels alone leave nothing, and nothing is no answer.
        return _change(rng, tier)
    task = make_task(asking.format(f'"{text}"'), "text", tier, value=value, count=False)
    return Lesson(task, value)
