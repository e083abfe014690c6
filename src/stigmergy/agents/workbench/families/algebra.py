"""Algebra: equations in one unknown, systems of two, worded equations; roots are checked as a set."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from stigmergy.agents.workbench.families.numeric_answers import RIGHT_NUMBER_WRONG_FORM, read_numbers
from stigmergy.agents.workbench.families.phrasing import dress, say_number
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_Question = tuple[str, dict[str, Any]]
_FRAMES: Final = {
    "easy": ("Solve {} for {}.",),
    "medium": ("Solve {} for {}.", "Solve the equation {} for {}."),
    "hard": ("For which {1} does {0} hold?", "Find every {1} such that {0}.", "What values of {1} satisfy {0}?"),
}
_TOLERANCE: Final = 1e-6


def _signed(number: int) -> str:
    return f"- {-number}" if number < 0 else f"+ {number}"


def _polynomial(coefficients: tuple[int, ...], unknown: str) -> str:
    """Integer coefficients, highest first, written as people do: ``x^2 - 5x + 6``."""
    text = ""
    for index, coefficient in enumerate(coefficients):
        power = len(coefficients) - 1 - index
        if coefficient == 0:
            continue
        letter = "" if power == 0 else unknown if power == 1 else f"{unknown}^{power}"
        size = "" if abs(coefficient) == 1 and power else str(abs(coefficient))
        sign = ("- " if coefficient < 0 else "+ ") if text else ("-" if coefficient < 0 else "")
        text += (" " if text else "") + sign + size + letter
    return text


def _frame(rng: random.Random, difficulty: Difficulty, equation: str, unknown: str) -> str:
    return rng.choice(_FRAMES[difficulty]).format(equation, unknown)


def _nonzero(rng: random.Random, largest: int) -> int:
    return rng.choice((-1, 1)) * rng.randint(1, largest)


def _linear(rng: random.Random, difficulty: Difficulty) -> _Question:
    unknown = rng.choice("xyzt")
    a, b, c = rng.randint(2, 12), _nonzero(rng, 30), rng.randint(-60, 60)
    d = 0 if difficulty == "easy" else rng.choice([k for k in range(-9, 10) if k not in (0, a)])
    right = _polynomial((d, c), unknown) or "0"
    root = Fraction(c - b, a - d)
    return _frame(rng, difficulty, f"{_polynomial((a, b), unknown)} = {right}", unknown), {"roots": [str(root)]}


def _quadratic(rng: random.Random, difficulty: Difficulty) -> _Question:
    unknown, first, second = rng.choice("xyzt"), _nonzero(rng, 12), _nonzero(rng, 12)
    text = f"{_polynomial((1, -(first + second), first * second), unknown)} = 0"
    return _frame(rng, difficulty, text, unknown), {"roots": sorted({str(first), str(second)})}


def _irrational(rng: random.Random, difficulty: Difficulty) -> _Question:
    unknown, b, c = rng.choice("xyzt"), _nonzero(rng, 9), -rng.randint(1, 20)
    spread = math.sqrt(b * b - 4 * c)
    roots = sorted({repr((-b - spread) / 2), repr((-b + spread) / 2)})
    text = _frame(rng, difficulty, f"{_polynomial((1, b, c), unknown)} = 0", unknown)
    if rng.random() < 0.6:
        places = rng.randint(2, 4)
        return f"{text} Round to {places} decimals.", {"roots": roots, "places": places}
    return text, {"roots": roots}


def _rational(rng: random.Random, difficulty: Difficulty) -> _Question:
    """A quotient whose denominator vanishes at one root of the numerator: that root is no solution."""
    unknown = rng.choice("xyzt")
    kept, lost = rng.sample([k for k in range(-9, 10) if k], 2)
    numerator = _polynomial((1, -(kept + lost), kept * lost), unknown)
    text = f"({numerator}) / ({unknown} {_signed(-lost)}) = 0"
    return _frame(rng, difficulty, text, unknown), {"roots": [str(kept)]}


def _system(rng: random.Random, difficulty: Difficulty) -> _Question:
    x, y = rng.randint(-9, 15), rng.randint(-9, 15)
    a, b, c, d = rng.choice(((1, 1, 1, -1), (2, 1, 1, -1), (1, 2, 3, -1), (3, 2, 1, -4)))

    def side(p: int, q: int) -> str:
        return f"{_polynomial((p, 0), 'x')} {'+' if q > 0 else '-'} {'' if abs(q) == 1 else abs(q)}y = {p * x + q * y}"

    lead = "Solve the system" if difficulty == "medium" else "Find x and y such that"
    joint = ", " if difficulty == "medium" else " and "
    return f"{lead} {side(a, b)}{joint}{side(c, d)}.", {"assignment": {"x": str(x), "y": str(y)}}


def _worded(rng: random.Random, _: Difficulty) -> _Question:
    root, factor, shift = rng.randint(-20, 40), rng.randint(3, 12), rng.randint(1, 40)
    total = factor * root + shift
    said = say_number(factor)
    worded = (
        f"{said.capitalize()} times a number plus {shift} equals {total}. What is the number?",
        f"If I multiply a number by {factor} and add {shift}, I get {total}. What is the number?",
        f"I think of a number, multiply it by {said}, add {shift} and end up with {total}. What is my number?",
    )
    return rng.choice(worded), {"roots": [str(root)]}


def _distance(rng: random.Random, difficulty: Difficulty) -> _Question:
    unknown, centre, away = rng.choice("xyzt"), _nonzero(rng, 12), rng.randint(1, 20)
    roots = sorted({str(centre - away), str(centre + away)})
    return _frame(rng, difficulty, f"|{unknown} {_signed(-centre)}| = {away}", unknown), {"roots": roots}


_KINDS: Final[dict[Difficulty, tuple[Callable[[random.Random, Difficulty], _Question], ...]]] = {
    "easy": (_linear,),
    "medium": (_linear, _quadratic, _quadratic, _system),
    "hard": (_linear, _quadratic, _irrational, _rational, _rational, _system, _worded, _distance),
}


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones are linear, hard ones quadratic, rational, systems or worded."""
    question, facts = rng.choice(_KINDS[difficulty])(rng, difficulty)
    return make_task(dress(rng, question, difficulty), "algebra", difficulty, **facts)


def _values(answer: str) -> tuple[tuple[str, float], ...]:
    # "x = 3, x = -2" and "x = 1/2 or 4"; a square root is written as sqrt(n) with rational terms around it.
    parts = re.split(r",|;|\bor\b|\band\b", re.sub(r"\b[a-z]\s*=\s*", "", answer))
    values = []
    for part in parts:
        surd = re.fullmatch(r"\s*(?P<a>-?[\d/.]+)?\s*(?P<s>[-+])?\s*(?:(?P<k>[\d/.]+)\*)?sqrt\((?P<n>\d{1,9})\)"
                            r"(?:\s*/\s*(?P<d>\d+))?(?:\s*(?P<s2>[-+])\s*(?P<b>[\d/.]+))?\s*", part)  # fmt: skip
        if surd:
            values.append((part.strip(), _surd(surd)))
        else:
            values.extend((written, float(value)) for written, value in read_numbers(part))
    return tuple(values)


def _surd(match: re.Match[str]) -> float:
    root = float(Fraction(match["k"] or 1)) * math.sqrt(int(match["n"])) / int(match["d"] or 1)
    tail = float(Fraction(match["b"] or 0)) * (-1 if match["s2"] == "-" else 1)
    return float(Fraction(match["a"] or 0)) + (-root if match["s"] == "-" else root) + tail


def _decimals(written: str) -> int:
    return len(written.partition(".")[2])


def check(reference: str, answer: str) -> float:
    """1 when the answer names exactly the roots (any order, fraction or decimal); 0.5 when only the rounding is off."""
    expected = json.loads(reference)
    if "assignment" in expected:
        given = dict(re.findall(r"\b([a-z])\s*=\s*(-?[\d./]+)", answer))
        wanted = {name: Fraction(value) for name, value in expected["assignment"].items()}
        return float({name: value for name, (_, value) in _first_numbers(given).items()} == wanted)
    roots = [float(Fraction(root)) for root in expected["roots"]]
    values = _values(answer)
    places = expected.get("places")
    tolerance = _TOLERANCE if places is None else 0.5 * 10**-places + _TOLERANCE
    if len(values) != len(roots):
        return 0.0
    paired = zip(sorted(values, key=lambda pair: pair[1]), sorted(roots), strict=True)
    if any(abs(value - root) > tolerance * max(1.0, abs(root) if places is None else 1.0)
           for (_, value), root in paired):  # fmt: skip
        return 0.0
    in_form = places is None or all("sqrt" not in written and _decimals(written) <= places for written, _ in values)
    return 1.0 if in_form else RIGHT_NUMBER_WRONG_FORM


def _first_numbers(given: dict[str, str]) -> dict[str, tuple[str, Fraction]]:
    return {name: numbers[0] for name, text in given.items() if (numbers := read_numbers(text))}
