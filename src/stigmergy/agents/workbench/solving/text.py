"""Text transformations, one step after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from stigmergy.agents.workbench.understanding.wording import Problem

_VOWEL: Final = re.compile("[aeiou]", re.IGNORECASE)
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"


def _shift(text: str, places: int) -> str:
    turned = _ALPHABET[places % 26 :] + _ALPHABET[: places % 26]
    return text.translate(str.maketrans(_ALPHABET + _ALPHABET.upper(), turned + turned.upper()))


def _capitalised(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))


_STEPS: Final[dict[str, Callable[[str], str]]] = {
    "reverse": lambda text: "".join(reversed(text)),
    "upper": str.upper,
    "title": _capitalised,
    "sort": lambda text: " ".join(sorted(text.split(), key=str.casefold)),
    "flip": lambda text: " ".join(reversed(text.split())),
    "drop": lambda text: _VOWEL.sub("", text),
    "count_words": lambda text: str(len(text.split())),
    "count_vowels": lambda text: str(len(_VOWEL.findall(text))),
}


def transform(problem: Problem) -> Any:
    """The text after every step."""
    text: str = problem["text"]
    for step in problem["steps"]:
        text = _shift(text, step["n"]) if step["op"] == "shift" else _STEPS[step["op"]](text)
    return text


def transform_once(problem: Problem) -> Any:
    """The text after its only step."""
    if len(problem["steps"]) != 1:
        raise ValueError(f"I take one step, not {len(problem['steps'])}")
    return transform(problem)
