"""Judging a value. A check gives a verdict, or None when it cannot judge, and may put the value right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, TypeAlias

from stigmergy.agents.workbench.solving import algebra, arithmetic, dates, plain_tables, python, text
from stigmergy.agents.workbench.solving.solvers import Solve
from stigmergy.agents.workbench.understanding.wording import Problem

_LONGEST_VALUE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """``verdict`` of the work before (1 right, 0 wrong, None unknown) and the value as it should be."""

    verdict: float | None
    value: Any


Check: TypeAlias = Callable[[Problem, Any], Judgement]


def glance(problem: Problem, value: Any) -> Judgement:
    """Wrong when there is no value, it is empty, or it is absurdly long; otherwise nothing is said."""
    absurd = value in (None, "", []) or len(str(value)) > _LONGEST_VALUE or "family" not in problem
    return Judgement(0.0 if absurd else None, value)


def _agree(given: Any, own: Any) -> bool:
    if isinstance(given, list):
        return bool(given == own)
    try:
        return Fraction(str(given)) == Fraction(str(own))
    except (ValueError, ZeroDivisionError):
        return bool(given == own)


def _against(solve: Solve) -> Check:
    def check(problem: Problem, value: Any) -> Judgement:
        own = solve(problem)
        return Judgement(1.0, value) if _agree(value, own) else Judgement(0.0, own)

    return check


def _substitute(problem: Problem, value: Any) -> Judgement:
    kept = algebra.keep_solutions(problem, value)
    if not kept:
        return Judgement(0.0, value)
    return Judgement(1.0 if len(kept) == len(value) else 0.0, kept)


def _go_back(problem: Problem, value: Any) -> Judgement:
    """A shift by days or weeks is undone; of a span the start is shifted by it; other kinds are not judged."""
    if problem["kind"] == "shift" and problem["unit"] in ("day", "week"):
        back = dates.count_days({**problem, "start": value, "amount": -problem["amount"]})
        return Judgement(float(back == problem["start"]), value)
    if problem["kind"] == "between":
        first, second = sorted(map(date.fromisoformat, (problem["start"], problem["end"])))
        return Judgement(float(first.toordinal() + value == second.toordinal()), value)
    return Judgement(None, value)


RECHECKS: Final[Mapping[str, Check]] = {
    "arithmetic": _against(arithmetic.compute_exactly),
    "algebra": _substitute,
    "dates": _go_back,
    "tables": _against(plain_tables.read_rows),
}
AUDITS: Final[Mapping[str, Solve]] = {
    "arithmetic": arithmetic.compute_exactly,
    "dates": dates.walk,
    "text": text.transform_once,
    "tables": plain_tables.read_rows,
    "python": python.run_straight,
}


def recheck(problem: Problem, value: Any) -> Judgement:
    """Verification by substitution, inverse operation or a second count; a missing value is not replaced."""
    if value is None:
        return Judgement(0.0, None)
    check = RECHECKS.get(problem["family"])
    return check(problem, value) if check else Judgement(None, value)


def audit(own_problem: Problem, value: Any) -> Judgement:
    """Recomputation of the auditor's own reading of the query, by its own methods; its value replaces another one."""
    solve = AUDITS.get(own_problem["family"])
    if solve is None:
        return Judgement(None, value)
    own = solve(own_problem)
    if value is None:
        return Judgement(0.0, own)
    return Judgement(1.0, value) if _agree(value, own) else Judgement(0.0, own)
