"""Arithmetic and units: percentages, expressions in signs and in words, conversions, requested forms."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from stigmergy.agents.workbench.families.numeric_answers import score_number
from stigmergy.agents.workbench.families.phrasing import dress, say_number, write_number
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_FRAMES: Final = {
    "easy": ("What is {}?", "What is {}?", "Calculate {}.", "Compute {}."),
    "medium": ("What is {}?", "Work out {}.", "How much is {}?", "Calculate {}."),
    "hard": ("How much is {}?", "What do I get for {}?", "Find the value of {}.", "Tell me what {} comes to."),
}
_SIGNS: Final[dict[Difficulty, dict[str, tuple[str, ...]]]] = {
    "easy": {"+": ("+",), "-": ("-",), "*": ("*",), "/": ("/",)},
    "medium": {"+": ("+", "plus"), "-": ("-", "minus"), "*": ("*", "times"), "/": ("/", "divided by")},
    "hard": {"+": ("plus",), "-": ("minus",), "*": ("times", "multiplied by"), "/": ("divided by", "over")},
}
# unit -> (name in words, size in the base unit of its kind)
_UNITS: Final = {
    "length": {"km": ("kilometres", "1000"), "m": ("metres", "1"), "cm": ("centimetres", "0.01"),
               "mi": ("miles", "1609.344"), "ft": ("feet", "0.3048"), "in": ("inches", "0.0254")},
    "mass": {"kg": ("kilograms", "1"), "g": ("grams", "0.001"), "lb": ("pounds", "0.45359237"),
             "oz": ("ounces", "0.028349523125")},
    "time": {"h": ("hours", "3600"), "min": ("minutes", "60"), "s": ("seconds", "1"), "d": ("days", "86400")},
}  # fmt: skip
_Question = tuple[str, Fraction, dict[str, Any]]


def _apply(sign: str, left: Fraction, right: Fraction) -> Fraction:
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[sign]


def _two_numbers(rng: random.Random, difficulty: Difficulty) -> _Question:
    sign = rng.choice("+-*/")
    largest = {"easy": 400, "medium": 3_000, "hard": 60_000}[difficulty]
    left, right = rng.randint(2, largest), rng.randint(2, max(12, largest // 20))
    if sign == "/" and difficulty == "easy":
        left *= right
    said = rng.choice(_SIGNS[difficulty][sign])
    phrase = f"{write_number(rng, left, difficulty)} {said} {write_number(rng, right, difficulty)}"
    return rng.choice(_FRAMES[difficulty]).format(phrase), _apply(sign, Fraction(left), Fraction(right)), {}


def _percentage(rng: random.Random, difficulty: Difficulty) -> _Question:
    part, whole = rng.randint(1, 99), rng.randint(5, 900) * 10
    said_whole = f"{whole:,}" if difficulty != "easy" or rng.random() < 0.4 else str(whole)
    if difficulty != "hard":
        mark = "%" if difficulty == "easy" else rng.choice(("%", " percent"))
        return f"What is {part}{mark} of {said_whole}?", Fraction(part * whole, 100), {}
    cut = rng.randint(2, 60)
    phrase, value = rng.choice((
        (f"What is {said_whole} after an increase of {part} per cent?", Fraction(whole * (100 + part), 100)),
        (f"What is {said_whole} reduced by {cut}%?", Fraction(whole * (100 - cut), 100)),
        (f"How much is {say_number(part)} percent of {said_whole}?", Fraction(part * whole, 100)),
    ))  # fmt: skip
    return phrase, value, {}


def _chain(rng: random.Random, difficulty: Difficulty) -> _Question:
    a, b, c = rng.randint(2, 90), rng.randint(2, 60), rng.randint(2, 12)
    if difficulty != "hard":
        phrase, value = rng.choice((
            (f"({a} + {b}) * {c}", Fraction((a + b) * c)),
            (f"{a} - {b} * {c}", Fraction(a - b * c)),
            (f"{a} * {b} + {c}", Fraction(a * b + c)),
        ))  # fmt: skip
        return rng.choice(_FRAMES[difficulty]).format(phrase), value, {}
    phrase, value = rng.choice((
        (f"the sum of {a} and {b}, all divided by {c}", Fraction(a + b, c)),
        (f"the product of {a} and {b}, then minus {c}", Fraction(a * b - c)),
        (f"twice {a} plus half of {b}", Fraction(4 * a + b, 2)),
        (f"{a} squared minus {say_number(b)}", Fraction(a * a - b)),
        (f"the difference between {a + b} and {b}, all times {c}", Fraction(a * c)),
    ))  # fmt: skip
    return rng.choice(_FRAMES["hard"]).format(phrase), value, {}


def _conversion(rng: random.Random, difficulty: Difficulty) -> _Question:
    units = _UNITS[rng.choice(tuple(_UNITS))]
    source, target = rng.sample(tuple(units), 2)
    amount = rng.randint(2, 50) * (1 if difficulty == "easy" else rng.choice((1, 10, 25)))
    value = Fraction(amount) * Fraction(units[source][1]) / Fraction(units[target][1])
    if difficulty == "easy":
        return f"Convert {amount} {source} to {target}.", value, {"unit": target}
    (from_words, _), (to_words, _) = units[source], units[target]
    said = write_number(rng, amount, difficulty)
    frames = (f"Convert {said} {from_words} to {to_words}.", f"How many {to_words} are in {said} {from_words}?",
              f"What is {said} {from_words} in {to_words}?", f"Express {said} {from_words} in {to_words}.")  # fmt: skip
    return rng.choice(frames[: 2 if difficulty == "medium" else 4]), value, {"unit": target}


def _big(rng: random.Random, _: Difficulty) -> _Question:
    left, right = rng.randint(10**9, 10**12), rng.randint(10**8, 10**10)
    return f"What is {left:,} * {right:,}?", Fraction(left * right), {}


def _share(rng: random.Random, _: Difficulty) -> _Question:
    said, share = rng.choice(
        (("three quarters", Fraction(3, 4)), ("two thirds", Fraction(2, 3)), ("a fifth", Fraction(1, 5)))
    )
    whole = rng.randint(10, 900)
    return f"How much is {said} of {whole}?", share * whole, {}


_KINDS: Final[dict[Difficulty, tuple[Callable[[random.Random, Difficulty], _Question], ...]]] = {
    "easy": (_two_numbers, _two_numbers, _percentage, _conversion),
    "medium": (_two_numbers, _percentage, _chain, _conversion),
    "hard": (_two_numbers, _percentage, _chain, _chain, _conversion, _big, _share),
}


def _ask_for_form(rng: random.Random, value: Fraction, difficulty: Difficulty) -> tuple[str, dict[str, Any]]:
    """A sentence that asks for an output form, or nothing, and what the checker then expects."""
    if difficulty == "easy" or (value.denominator == 1 and abs(value) < 10_000):
        return "", {}
    places = rng.randint(1, 3)
    said = say_number(places)
    plural = "s" if places > 1 else ""
    if value.denominator == 1:
        return " Write the answer with a thousands separator.", {"thousands": True}
    if value.denominator < 500 and rng.random() < 0.35:
        return rng.choice((" Give the answer as a fraction.", " Answer as a fraction.")), {"fraction": True}
    rounded = (f" Round to {places} decimal{plural}.", f" Give the answer rounded to {said} decimal place{plural}.")
    return rounded[difficulty == "hard" and rng.random() < 0.6], {"places": places}


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones are canonical, hard ones are worded and ask for a form."""
    question, value, facts = rng.choice(_KINDS[difficulty])(rng, difficulty)
    clause, form = _ask_for_form(rng, value, difficulty)
    text = dress(rng, question + clause, difficulty)
    return make_task(text, "arithmetic", difficulty, value=str(value), form=form, **facts)


def _units_named(answer: str) -> set[str]:
    words = set(re.findall(r"[a-z]+", answer.lower()))
    return {unit for units in _UNITS.values() for unit, (name, _) in units.items() if words & {unit, name}}


def check(reference: str, answer: str) -> float:
    """1 for the right number in the requested form, 0.5 for it in another form, 0 otherwise or in a wrong unit."""
    expected = json.loads(reference)
    named = _units_named(answer)
    if "unit" in expected and named and expected["unit"] not in named:
        return 0.0
    return score_number(Fraction(expected["value"]), expected["form"], answer)
