"""Writing a value down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any, Final

from stigmergy.agents.workbench.solving.algebra import number_of
from stigmergy.agents.workbench.understanding.wording import Problem

_DATE_FORMS: Final = {"iso": "%Y-%m-%d", "long": "%d %B %Y", "slashed": "%d/%m/%Y"}
_DIGITS: Final = 60


def plain(problem: Problem, value: Any) -> str:
    """The value as the solver left it; roots and unknowns as ``x = 3, x = -2``."""
    if problem.get("family") == "algebra" and isinstance(value, list):
        return ", ".join(f"{name} = {root}" for assignment in value for name, root in assignment.items())
    return str(value)


def _rounded(value: Fraction, places: int) -> str:
    with localcontext() as context:
        context.prec = _DIGITS + places + len(str(abs(int(value))))
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return str(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def _number(value: Any, form: Mapping[str, Any]) -> str:
    number = Fraction(str(value))
    if "places" in form:
        return _rounded(number, form["places"])
    if form.get("fraction"):
        return f"{number.numerator}/{number.denominator}"
    if form.get("thousands") and number.denominator == 1:
        return f"{int(number):,}"
    return str(value)


def polish(problem: Problem, value: Any) -> str:
    """The value in the requested form, with the unit of a conversion; without a request as ``plain`` does.

    Raises:
        ValueError: the value cannot be read as what the form is for.
    """
    form, family = problem.get("form", {}), problem.get("family")
    if family == "dates" and "date" in form:
        return date.fromisoformat(value).strftime(_DATE_FORMS[form["date"]])
    if family == "arithmetic":
        unit = f" {problem['to']}" if "to" in problem else ""
        return _number(value, form) + unit
    if family == "algebra" and "places" in form:
        rounded = [{name: _rounded(number_of(root), form["places"]) for name, root in found.items()} for found in value]
        return plain(problem, rounded)
    return plain(problem, value)
