"""What a program prints: the restricted interpreter with two allowances of steps, and one that knows no functions."""

from __future__ import annotations

import re
from typing import Any, Final

from stigmergy.agents.workbench.solving.interpreter import run_program
from stigmergy.agents.workbench.understanding.wording import Problem

MANY_STEPS: Final = 30_000
SOME_STEPS: Final = 5_000
_FUNCTION: Final = re.compile(r"^\s*def\b", re.MULTILINE)


def run_patiently(problem: Problem) -> Any:
    """What the program prints within 30,000 steps."""
    return run_program(problem["code"], MANY_STEPS)


def run_shortly(problem: Problem) -> Any:
    """What the program prints within 5,000 steps."""
    return run_program(problem["code"], SOME_STEPS)


def run_straight(problem: Problem) -> Any:
    """What a program without functions prints within 5,000 steps."""
    if _FUNCTION.search(problem["code"]):
        raise ValueError("I follow no function calls")
    return run_shortly(problem)
