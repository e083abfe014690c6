"""How people dress a question: number words, thousands separators, polite filler."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import random
from typing import Final

from stigmergy.agents.workbench.task import Difficulty

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_PLAIN_OPENINGS: Final = ("Please ", "Hello! ", "Hi, ", "Could you help? ")
_LONG_OPENINGS: Final = (
    "I am stuck on this one. ",
    "My colleague and I disagree about something. ",
    "Quick one for my homework: ",
    "Would you be so kind as to help me with this: ",
    "Something for a report that is due today. ",
)
_INTERROGATIVES: Final = ("What", "How", "Which", "On ", "In ", "For ")
_CLOSINGS: Final = (" Thanks!", " Thank you.", " Thank you very much.", " Many thanks in advance.")


def say_number(number: int) -> str:
    """``number`` in English words, for 0 <= number < 1,000,000."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    head, rest = divmod(number, size)
    link = " and " if rest < 100 else " "
    return f"{say_number(head)} {name}" + (link + say_number(rest) if rest else "")


def write_number(rng: random.Random, number: int, difficulty: Difficulty) -> str:
    """``number`` in digits, and at higher difficulty sometimes with separators or in words."""
    roll = rng.random()
    if difficulty == "easy":
        return f"{number:,}" if roll < 0.15 else str(number)
    words_below = 100 if difficulty == "medium" else 1_000_000
    if number < words_below and roll < (0.25 if difficulty == "medium" else 0.4):
        return say_number(number)
    return f"{number:,}" if roll < 0.7 else str(number)


def dress(rng: random.Random, question: str, difficulty: Difficulty) -> str:
    """``question`` with no filler (easy), little (medium), or an introduction and thanks (hard)."""
    roll = rng.random()
    if difficulty == "easy" or roll < 0.3:
        return question
    if difficulty == "medium" or roll < 0.5:
        opening = rng.choice(_PLAIN_OPENINGS[question.startswith(_INTERROGATIVES) :])
        return opening + (question[0].lower() + question[1:] if opening in ("Please ", "Hi, ") else question)
    closing = rng.choice(_CLOSINGS) if rng.random() < 0.6 and "\n" not in question else ""
    return rng.choice(_LONG_OPENINGS) + question + closing
