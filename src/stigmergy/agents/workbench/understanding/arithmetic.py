"""Readers of arithmetic: a query becomes an expression in signs, or an amount to convert."""

from __future__ import annotations

import re
from typing import Final

from stigmergy.agents.workbench.understanding.wording import (
    Problem,
    number_words,
    split_form,
    without_filler,
    without_separators,
)

_SIGNS_ONLY: Final = re.compile(r"[\d\s.+\-*/()]{1,400}")
_CANONICAL: Final = re.compile(r"(?:What is|Calculate|Compute) ([\d\s.+\-*/()]+)[?.]")
_CANONICAL_PERCENT: Final = re.compile(r"What is (\d+)% of (\d+)\?")
_CANONICAL_CONVERSION: Final = re.compile(r"Convert (\d+) (km|m|cm|kg|g|h|min|s) to (km|m|cm|kg|g|h|min|s)\.")
_FRAME: Final = re.compile(
    r"^(?:what is|what do i get for|what's|calculate|compute|work out|how much is|find the value of|find|evaluate"
    r"|tell me what|tell me)\s+|\s+(?:comes to|is)?\s*[?.!]*$"
)
_UNIT_WORDS: Final = {
    "kilometres": "km", "kilometers": "km", "metres": "m", "meters": "m", "centimetres": "cm", "centimeters": "cm",
    "miles": "mi", "feet": "ft", "inches": "in", "kilograms": "kg", "kilos": "kg", "grams": "g", "pounds": "lb",
    "ounces": "oz", "hours": "h", "minutes": "min", "seconds": "s", "days": "d", "km": "km", "m": "m", "cm": "cm",
    "mi": "mi", "ft": "ft", "in": "in", "kg": "kg", "g": "g", "lb": "lb", "oz": "oz", "h": "h", "min": "min", "s": "s",
    "d": "d",
}  # fmt: skip
_U: Final = "|".join(sorted(_UNIT_WORDS, key=len, reverse=True))
_AMOUNT: Final = r"(?P<n>-?\d+(?:\.\d+)?)"
_CONVERSIONS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:convert|express|what is|how much is) {_AMOUNT} (?P<a>{_U}) (?:to|into|in) (?P<b>{_U})[?.]*",
        rf"how many (?P<b>{_U}) (?:are|is|do i get)(?: there)? (?:in|from|for) {_AMOUNT} (?P<a>{_U})[?.]*",
    )
)
_N: Final = r"(\d+(?:\.\d+)?|\([^()]*\))"
_REWRITES: Final = tuple(
    (re.compile(pattern), result)
    for pattern, result in (
        (r"\bper ?cent\b", "%"),
        (rf"{_N} ?% of {_N}", r"(\1/100*\2)"),
        (rf"{_N} (?:after an increase of|increased by) {_N} ?%", r"(\1*(1+\2/100))"),
        (rf"{_N} (?:after a decrease of|reduced by|decreased by) {_N} ?%", r"(\1*(1-\2/100))"),
        (rf"\bthe sum of {_N} and {_N}", r"(\1+\2)"),
        (rf"\bthe product of {_N} and {_N}", r"(\1*\2)"),
        (rf"\bthe difference (?:between|of) {_N} and {_N}", r"(\1-\2)"),
        (rf"\b(?:twice|double) {_N}", r"(2*\1)"),
        (rf"\bhalf(?: of)? {_N}", r"(\1/2)"),
        (rf"{_N} squared\b", r"(\1*\1)"),
        (r"^(.*), all (.*)$", r"(\1) \2"),
        (r", then ", " "),
        (r"\b(?:plus|added to)\b", "+"),
        (r"\b(?:minus|less)\b", "-"),
        (r"\b(?:times|multiplied by)\b", "*"),
        (r"\b(?:divided by|over)\b", "/"),
    )
)


def _expression(text: str) -> str | None:
    for pattern, result in _REWRITES:
        text = pattern.sub(result, text)
    return text.strip() if _SIGNS_ONLY.fullmatch(text) and re.search(r"\d", text) else None


def canonical(text: str) -> Problem | None:
    """``What is 12 + 3?``, ``What is 17% of 2340?`` and ``Convert 5 km to m.``, to the letter."""
    if match := _CANONICAL.fullmatch(text):
        return {"family": "arithmetic", "expression": match[1].strip(), "form": {}}
    if match := _CANONICAL_PERCENT.fullmatch(text):
        return {"family": "arithmetic", "expression": f"{match[1]}/100*{match[2]}", "form": {}}
    if match := _CANONICAL_CONVERSION.fullmatch(text):
        return {"family": "arithmetic", "amount": match[1], "from": match[2], "to": match[3], "form": {}}
    return None


def free(text: str) -> Problem | None:
    """Signs or words, separators, units, percentages and requested forms, with any introduction."""
    plain, form = split_form(without_separators(without_filler(number_words(text.lower()))))
    for pattern in _CONVERSIONS:
        if match := pattern.fullmatch(plain):
            units = {"from": _UNIT_WORDS[match["a"]], "to": _UNIT_WORDS[match["b"]]}
            return {"family": "arithmetic", "amount": match["n"], **units, "form": form}
    expression = _expression(_FRAME.sub("", _FRAME.sub("", plain).rstrip("?.! ")))
    return {"family": "arithmetic", "expression": expression, "form": form} if expression else None
