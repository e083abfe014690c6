"""What all readers share: number words, separators, filler, requested output forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Problem: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[str], Problem | None]

_SMALL: Final = {
    word: value
    for value, word in enumerate(
        [
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
    )
}
_TENS: Final = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_WORD: Final = "|".join(sorted([*_SMALL, *_TENS, *_SCALES], key=len, reverse=True))
# "and" belongs to a number only after a scale: "one hundred and five", but "twelve and five" are two numbers.
# "this one" and "a quick one" are no numbers.
_AND: Final = r"(?:(?<=hundred)|(?<=thousand)|(?<=million)) and (?!\d)"
_NUMBER_WORDS: Final = re.compile(
    rf"(?<!this )(?<!that )(?<!quick )(?<!easy )(?<!hard )\b(?:{_WORD})(?:(?:[ -]|{_AND})(?:{_WORD}))*\b"
)
_LONGEST_WORDING: Final = 2_000
_GREETING: Final = re.compile(r"^(?:hello|hi|hey|please|could you help)\b[ ,.!?:]*", re.IGNORECASE)
_THANKS: Final = re.compile(r"\s*\b(?:thanks|thank you|many thanks)[^.!?\"“'\d]*[.!]*$", re.IGNORECASE)
# An opening sentence that holds neither a digit, a quote nor an equation says nothing about the problem.
_OPENING: Final = re.compile(r"^(?!\s*(?:solve|find|what|how|which)\b)[^\d\"“'=?.!:\n]*[.!:]\s+(?=\S)", re.IGNORECASE)


def _value_of(words: str) -> int:
    total = group = 0
    for word in re.split(r"[ -]", words):
        if word in _SCALES and word != "hundred":
            total, group = total + max(group, 1) * _SCALES[word], 0
        elif word == "hundred":
            group = max(group, 1) * 100
        else:
            group += _SMALL.get(word, _TENS.get(word, 0))
    return total + group


def number_words(text: str) -> str:
    """Lower-case ``text`` with every number in words below a billion in digits."""
    return _NUMBER_WORDS.sub(lambda match: str(_value_of(match.group())), text)


def without_separators(text: str) -> str:
    """``2,340`` becomes ``2340``; a comma between words or before a blank stays."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


def without_greeting(text: str) -> str:
    """``text`` in single spaces, without the usual greeting in front and the usual thanks behind.

    Raises:
        ValueError: the wording is too long to be one question.
    """
    if len(text) > _LONGEST_WORDING:
        raise ValueError(f"a question of {len(text)} characters is longer than {_LONGEST_WORDING}")
    words = " ".join(text.split())
    return _THANKS.sub("", _GREETING.sub("", words)).strip()


def without_filler(text: str) -> str:
    """``text`` without greeting, thanks and any opening sentence that says nothing about the problem."""
    shorter = without_greeting(text)
    while (rest := without_greeting(_OPENING.sub("", shorter, count=1))) != shorter:
        shorter = rest
    return shorter


_GIVE: Final = r"[ ,.]*\b(?:(?:give|write) (?:the|your) (?:answer|result) |answer )?"
_PLACES: Final = r"(?:decimal places?|decimals?|places?)"
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]], ...]] = (
    (re.compile(rf"{_GIVE}round(?:ed)? to (\d) {_PLACES}\b\.?"), lambda match: {"places": int(match[1])}),
    (re.compile(rf"{_GIVE}as a fraction\b\.?"), lambda _: {"fraction": True}),
    (re.compile(rf"{_GIVE}with a thousands separator\b\.?"), lambda _: {"thousands": True}),
    (re.compile(r"[ ,.]*\b(?:answer|give the date) in iso format\b\.?"), lambda _: {"date": "iso"}),
    (re.compile(r"[ ,.]*\banswer as dd/mm/yyyy\b\.?"), lambda _: {"date": "slashed"}),
    (re.compile(r"[ ,.]*\bwrite (?:it|the date out,) like 5 march 2024\b\.?"), lambda _: {"date": "long"}),
)


def split_form(text: str) -> tuple[str, dict[str, Any]]:
    """Lower-case ``text`` without the clause that asks for an output form, and that form."""
    form: dict[str, Any] = {}
    for pattern, describe in _FORMS:
        match = pattern.search(text)
        if match:
            form.update(describe(match))
            text = text[: match.start()] + text[match.end() :]
    return text.strip(), form
