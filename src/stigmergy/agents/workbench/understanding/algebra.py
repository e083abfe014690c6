"""Readers of algebra: a query becomes equations and the unknowns to solve them for."""

from __future__ import annotations

import re
from typing import Final

from stigmergy.agents.workbench.understanding.wording import (
    Problem,
    number_words,
    split_form,
    without_filler,
    without_greeting,
)

_SIDE: Final = r"[\dxyzt\s.+\-*/^()]{1,120}"
_EQUATION: Final = rf"{_SIDE}=\s*{_SIDE}"
_LINEAR_SIDE: Final = r"[\dxyzt\s.+\-]{1,60}"
_CANONICAL: Final = re.compile(rf"Solve ({_LINEAR_SIDE}= -?\d+) for ([xyzt])\.")
_SOLVE: Final = re.compile(rf"solve (?:the equation )?({_EQUATION}) for ([xyzt])\.?")
_SYSTEM: Final = re.compile(rf"(?:solve the system|find x and y such that):? ({_EQUATION})(?:,| and) ({_EQUATION}?)\.?")
_FREE: Final = (
    _SOLVE,
    re.compile(
        r"(?:for which (?P<u>[xyzt]) does |find every (?P<v>[xyzt]) such that |what values of (?P<w>[xyzt]) satisfy )"
        rf"(?P<e>{_EQUATION}?)(?: hold)?[?.]?"
    ),
)  # fmt: skip
_TOTAL: Final = r"(?:equals|, i get|and end up with) (?P<r>-?\d+)"
_WORDED: Final = (
    re.compile(rf"(?P<k>\d+) times a number (?:plus|and) (?P<s>\d+) {_TOTAL}\. .*"),
    re.compile(rf".*\bnumber(?: by|, multiply it by) (?P<k>\d+)(?: and|,) add (?P<s>\d+) ?{_TOTAL}\. .*"),
)


def _problem(equations: tuple[str, ...], unknowns: tuple[str, ...], form: dict[str, int]) -> Problem:
    pairs = [[side.strip() for side in equation.split("=")] for equation in equations]
    return {"family": "algebra", "equations": pairs, "unknowns": list(unknowns), "form": form}


def canonical(text: str) -> Problem | None:
    """``Solve 3x + 5 = 20 for x.``, to the letter: no powers, a bare number on the right."""
    match = _CANONICAL.fullmatch(text)
    return _problem((match[1],), (match[2],), {}) if match else None


def common(text: str) -> Problem | None:
    """``Solve [the equation] ... for x``, with greeting, powers and unknowns on both sides."""
    match = _SOLVE.fullmatch(without_greeting(text).lower())
    return _problem((match[1],), (match[2],), {}) if match else None


def free(text: str) -> Problem | None:
    """Any of the usual wordings, systems of two, numbers in words, and equations told as a story."""
    plain, form = split_form(without_filler(number_words(text.lower())))
    if match := _SYSTEM.fullmatch(plain):
        return _problem((match[1], match[2].rstrip(". ")), ("x", "y"), form)
    if match := _FREE[0].fullmatch(plain):
        return _problem((match[1],), (match[2],), form)
    if match := _FREE[1].fullmatch(plain):
        return _problem((match["e"].rstrip(". "),), (match["u"] or match["v"] or match["w"],), form)
    for pattern in _WORDED:
        if match := pattern.fullmatch(plain):
            return _problem((f"{match['k']}*x + {match['s']} = {match['r']}",), ("x",), form)
    return None
