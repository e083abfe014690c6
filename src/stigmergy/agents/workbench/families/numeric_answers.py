"""Reading numbers out of answers and comparing them with tolerance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

NUMBER: Final = re.compile(r"[-+\u2212]?(?:\d[\d,]*)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?:\s*/\s*\d{1,40})?")
_TOLERANCE: Final = Fraction(1, 10**6)
RIGHT_NUMBER_WRONG_FORM: Final = 0.5
_LONGEST_ANSWER: Final = 4000


def read_numbers(answer: str) -> tuple[tuple[str, Fraction], ...]:
    """Every number of ``answer`` as it is written and as a value; ``a/b`` is one number."""
    found = []
    for match in NUMBER.finditer(answer[:_LONGEST_ANSWER]):
        written = match.group().replace("\N{MINUS SIGN}", "-")
        top, _, bottom = written.replace(",", "").replace(" ", "").partition("/")
        if not bottom or int(bottom):
            found.append((written, Fraction(top) / Fraction(bottom or 1)))
    return tuple(found)


def close(value: Fraction, expected: Fraction) -> bool:
    """Exact for whole numbers, within a relative 1e-6 otherwise."""
    if expected.denominator == 1:
        return value == expected
    return abs(value - expected) <= _TOLERANCE * max(abs(expected), _TOLERANCE)


def _rounded_rightly(value: Fraction, expected: Fraction, places: int) -> bool:
    # Half up and half to even are both taken, so the error may be exactly one half of the last place.
    scale: int = 10**places
    scaled = value * scale
    return scaled.denominator == 1 and abs(scaled - expected * scale) <= Fraction(1, 2)


def _in_form(written: str, value: Fraction, expected: Fraction, form: Mapping[str, Any]) -> bool:
    if "places" in form:
        return "/" not in written and _rounded_rightly(value, expected, form["places"])
    if form.get("fraction"):
        return "/" in written and value == expected
    if form.get("thousands"):
        return value == expected and written.partition(".")[0] in (f"{int(value):,}", f"+{int(value):,}")
    return close(value, expected)


def score_number(expected: Fraction, form: Mapping[str, Any], answer: str) -> float:
    """Quality of the only number in ``answer``; several numbers are no answer."""
    numbers = read_numbers(answer)
    if len(numbers) != 1:
        return 0.0
    written, value = numbers[0]
    if _in_form(written, value, expected, form):
        return 1.0
    return RIGHT_NUMBER_WRONG_FORM if close(value, expected) else 0.0
