"""The shape of a text: how long, how many numbers and how large, options, marks; what bags of n-grams do not hold."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_OPTION: Final = re.compile(r"(?m)^\s*[A-J][.)]")
_MARKS: Final = ("\n", "?", ".", ",", "(", "[", "=", "+", "*", '"', "'")
_LONGEST: Final = 8192
_MOST_NUMBERS: Final = 500
_MOST_DIGITS: Final = 15
"""Of a number that are read, so that none is too large to be a float."""


def shape_of(text: str) -> Matrix:
    """What is counted and measured of the first 8192 characters; counts and sizes as ``log(1 + n)``, shares as such."""
    text = text[:_LONGEST]
    words = text.split()
    numbers = _NUMBER.findall(text)[:_MOST_NUMBERS]
    sizes = [float(number[:_MOST_DIGITS]) for number in numbers]
    counted = [
        len(text),
        len(words),
        len(set(words)),
        len(numbers),
        max(sizes, default=0.0),
        sum(sizes) / max(len(sizes), 1),
        max(map(len, numbers), default=0),
        max(map(len, text.splitlines()), default=0),
        len(_OPTION.findall(text)),
        *map(text.count, _MARKS),
    ]
    return np.concatenate((np.log1p(counted), _shares(text, words))).astype(np.float32)


def _shares(text: str, words: list[str]) -> list[float]:
    characters = max(len(text), 1)
    kinds = (str.isdigit, str.isupper, str.isspace)
    shares = [sum(map(kind, text)) / characters for kind in kinds]
    strange = sum(not (each.isalnum() or each.isspace()) for each in text) / characters
    return [*shares, strange, len(set(words)) / max(len(words), 1), sum(map(len, words)) / max(len(words), 1) / 10.0]
