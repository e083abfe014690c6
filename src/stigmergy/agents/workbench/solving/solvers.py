"""Who solves what: for each solver, the families it takes and the way it solves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from stigmergy.agents.workbench.solving import algebra, arithmetic, dates, python, tables, text
from stigmergy.agents.workbench.understanding.wording import Problem

Solve: TypeAlias = Callable[[Problem], Any]
Skills: TypeAlias = Mapping[str, Solve]
"""Family -> way of solving it."""


def _solve_and_keep(problem: Problem) -> Any:
    kept = algebra.keep_solutions(problem, algebra.solve_symbolically(problem))
    if not kept:
        raise ValueError("no root solves the equations as they stand")
    return kept


ABACUS: Final[Skills] = {"arithmetic": arithmetic.compute_in_floats}
CALCULATOR: Final[Skills] = {"arithmetic": arithmetic.compute_exactly}
BALANCE: Final[Skills] = {"algebra": algebra.solve_linear}
SYMBOLIST: Final[Skills] = {"algebra": algebra.solve_symbolically}
ALMANAC: Final[Skills] = {"dates": dates.compute_all}
SCRIBE: Final[Skills] = {"text": text.transform}
CLERK: Final[Skills] = {"tables": tables.ask_one_table}
STEPPER: Final[Skills] = {"python": python.run_patiently}
JOURNEYMAN: Final[Skills] = {
    "arithmetic": arithmetic.compute_in_floats,
    "dates": dates.count_days,
    "text": text.transform_once,
    "python": python.run_straight,
}
POLYMATH: Final[Skills] = {
    "arithmetic": arithmetic.compute_exactly,
    "algebra": _solve_and_keep,
    "dates": dates.compute_plain,
    "text": text.transform,
    "tables": tables.ask,
    "python": python.run_shortly,
}


def solve(problem: Problem, skills: Skills) -> Any:
    """The value of ``problem``.

    Raises:
        ValueError: the solver does not take this family, or cannot solve the problem.
        ArithmeticError, LookupError, TypeError: the problem itself is broken.
    """
    family = problem["family"]
    if family not in skills:
        raise ValueError(f"I do {', '.join(skills)}, not {family}")
    return skills[family](problem)
