"""Arithmetic in floats (fast, with their limits) and in exact fractions with units."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from stigmergy.agents.workbench.solving.expressions import evaluate, parse
from stigmergy.agents.workbench.understanding.wording import Problem

_MOST_DECIMALS: Final = 15
# unit -> (what it measures, its size in the base unit)
_UNITS: Final = {
    unit: (kind, Fraction(size))
    for kind, sizes in {
        "length": "m 1 km 1000 cm 0.01 mm 0.001 mi 1609.344 yd 0.9144 ft 0.3048 in 0.0254",
        "mass": "g 1 kg 1000 t 1000000 lb 453.59237 oz 28.349523125",
        "time": "s 1 min 60 h 3600 d 86400",
    }.items()
    for unit, size in zip(sizes.split()[::2], sizes.split()[1::2], strict=True)
}


def write_fraction(value: Fraction) -> str:
    """``value`` as a decimal when that is exact and short, otherwise as ``a/b``."""
    for places in range(_MOST_DECIMALS + 1):
        scaled = value * 10**places
        if scaled.denominator == 1:
            sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).zfill(places + 1)
            return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
    return str(value)


def compute_in_floats(problem: Problem) -> str:
    """The value of an expression in double precision: about 16 digits, and no units."""
    if "expression" not in problem:
        raise ValueError("I know no units")
    value = evaluate(parse(problem["expression"]), float, {})
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return repr(int(value)) if value.is_integer() and abs(value) < 10**15 else repr(value)


def compute_exactly(problem: Problem) -> str:
    """The exact value of an expression or of a conversion between units of one kind."""
    if "expression" in problem:
        return write_fraction(evaluate(parse(problem["expression"]), Fraction, {}))
    (kind, size), (other, unit) = _UNITS[problem["from"]], _UNITS[problem["to"]]
    if kind != other:
        raise ValueError(f"{problem['from']} measures {kind} and {problem['to']} measures {other}")
    return write_fraction(Fraction(problem["amount"]) * size / unit)
