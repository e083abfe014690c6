"""Equations: linear ones by probing, all others with sympy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final, TypeAlias

from stigmergy.agents.workbench.solving.arithmetic import write_fraction
from stigmergy.agents.workbench.solving.expressions import degrees, evaluate, parse
from stigmergy.agents.workbench.understanding.wording import Problem

Assignment: TypeAlias = dict[str, str]
"""Unknown -> value, as an exact expression in signs."""
_HIGHEST_DEGREE: Final = 8
_DIGITS: Final = 40
_RESIDUE: Final = Fraction(1, 10**20)
_PROBES: Final = (Fraction(17, 7), Fraction(-31, 11), Fraction(105, 13))


def _difference(equation: Sequence[str]) -> Callable[[dict[str, Fraction]], Fraction]:
    left, right = (parse(side) for side in equation)
    return lambda values: evaluate(left, Fraction, values) - evaluate(right, Fraction, values)


def solve_linear(problem: Problem) -> list[Assignment]:
    """Root of one linear equation, or of two in two unknowns by Cramer's rule.

    An expression is taken for linear when it agrees with the plane through its values at the origin and the unit
    points on three further points.
    """
    unknowns = problem["unknowns"]
    rows = [_plane(_difference(equation), unknowns) for equation in problem["equations"]]
    if len(unknowns) == 1:
        (constant, slope) = rows[0]
        return [{unknowns[0]: write_fraction(-constant / slope)}]
    (c, a, b), (f, d, e) = rows
    determinant = a * e - b * d
    values = ((b * f - c * e) / determinant, (c * d - a * f) / determinant)
    return [{name: write_fraction(value) for name, value in zip(unknowns, values, strict=True)}]


def _plane(difference: Callable[[dict[str, Fraction]], Fraction], unknowns: Sequence[str]) -> list[Fraction]:
    origin = dict.fromkeys(unknowns, Fraction(0))
    constant = difference(origin)
    slopes = [difference({**origin, name: Fraction(1)}) - constant for name in unknowns]
    for probe in _PROBES:
        point = {name: probe + index for index, name in enumerate(unknowns)}
        if difference(point) != constant + sum(
            slope * point[name] for slope, name in zip(slopes, unknowns, strict=True)
        ):
            raise ValueError("this is not linear, and I solve linear equations only")
    return [constant, *slopes]


def _polynomial(equation: Sequence[str], unknowns: Mapping[str, Any]) -> Any:
    import sympy

    trees = [parse(side) for side in equation]
    if sum(sum(degrees(tree)) for tree in trees) > _HIGHEST_DEGREE:
        raise ValueError(f"the degree is above {_HIGHEST_DEGREE}")
    left, right = (evaluate(tree, sympy.Rational, unknowns) for tree in trees)
    if (left - right).has(sympy.zoo, sympy.nan):
        raise ZeroDivisionError("an equation divides by zero")
    numerator, _ = sympy.fraction(sympy.together(left - right))
    try:
        return sympy.Poly(numerator, *unknowns.values())
    except sympy.PolynomialError:
        raise ValueError("this is no quotient of polynomials") from None


def solve_symbolically(problem: Problem) -> list[Assignment]:
    """Real roots of the numerators: denominators are cleared, so roots may be named at which one of them vanishes."""
    import sympy

    unknowns = {name: sympy.Symbol(name, real=True) for name in problem["unknowns"]}
    polynomials = [_polynomial(equation, unknowns) for equation in problem["equations"]]
    if len(unknowns) == 1:
        (name,) = unknowns
        found = sympy.roots(polynomials[0])
        if sum(found.values()) != polynomials[0].degree():
            raise ValueError("I find no closed form for every root")
        return _some([{name: str(root)} for root in found if root.is_real])
    points = sympy.linsolve([polynomial.as_expr() for polynomial in polynomials], list(unknowns.values()))
    if any(value.free_symbols for point in points for value in point):
        raise ValueError("there are infinitely many solutions")
    return _some([dict(zip(unknowns, map(str, point), strict=True)) for point in points])


def _some(found: list[Assignment]) -> list[Assignment]:
    if not found:
        raise ValueError("I find no real solution")
    return found


def number_of(text: str) -> Fraction:
    """``-3/2 + sqrt(17)/2`` as a number, its square roots taken to forty digits."""
    head, mark, rest = text.partition("sqrt(")
    while mark:
        radicand, _, rest = rest.partition(")")
        with localcontext() as context:
            context.prec = _DIGITS
            head += f"({Fraction(Decimal(int(radicand)).sqrt())})"
        further, mark, rest = rest.partition("sqrt(")
        head += further
    return evaluate(parse(head), Fraction, {})


def solves(problem: Problem, assignment: Assignment) -> bool:
    """Whether every equation holds when the assignment is put into it; a vanishing denominator is no."""
    values = {name: number_of(value) for name, value in assignment.items()}
    try:
        return all(abs(_difference(equation)(values)) < _RESIDUE for equation in problem["equations"])
    except ZeroDivisionError:
        return False


def keep_solutions(problem: Problem, found: Sequence[Assignment]) -> list[Assignment]:
    """Those of ``found`` that solve every equation when put into it."""
    return [assignment for assignment in found if solves(problem, assignment)]
