"""A workbench task: a query, and the reference by which its answer is checked."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Difficulty: TypeAlias = Literal["easy", "medium", "hard"]
FamilyName: TypeAlias = Literal["arithmetic", "algebra", "dates", "text", "tables", "python"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbenchTask:
    """One query. ``reference`` is JSON with the family and what its checker needs; no program ever sees it."""

    text: str
    family: FamilyName
    difficulty: Difficulty
    reference: str


Generator: TypeAlias = Callable[[random.Random, Difficulty], WorkbenchTask]
Checker: TypeAlias = Callable[[str, str], float]
"""(reference, answer text) -> quality in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of task: how it is made and how its answers are checked."""

    name: FamilyName
    generate: Generator
    check: Checker


def make_task(text: str, family: FamilyName, difficulty: Difficulty, /, **facts: Any) -> WorkbenchTask:
    """A task whose reference is the JSON of its family and ``facts``."""
    reference = json.dumps({"family": family, **facts}, sort_keys=True)
    return WorkbenchTask(text=text, family=family, difficulty=difficulty, reference=reference)
