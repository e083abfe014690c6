"""Readers of dates: a query becomes a span, a shift, a weekday or a rank in a month, with ISO dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from stigmergy.agents.workbench.understanding.wording import (
    Problem,
    number_words,
    split_form,
    without_filler,
)

_MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH: Final = "|".join(f"{name}|{name[:3]}" for name in _MONTHS)
_ISO: Final = r"\d{4}-\d{2}-\d{2}"
_DAY_FIRST: Final = re.compile(rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\.? (\d{{4}})\b")
_MONTH_FIRST: Final = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b")
_RANKS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_RANK: Final = "|".join(_RANKS)
_WEEKDAY: Final = "|".join(_WEEKDAYS)
_UNIT: Final = r"(?P<u>day|week|month|year)s?"


def _between(match: re.Match[str]) -> Problem:
    return {"kind": "between", "start": match["a"], "end": match["b"], "unit": "day"}


def _shift(match: re.Match[str]) -> Problem:
    back = match["r"] in ("before", "subtract")
    return {"kind": "shift", "start": match["a"], "amount": int(match["n"]) * (-1 if back else 1), "unit": match["u"]}


def _weekday(match: re.Match[str]) -> Problem:
    return {"kind": "weekday", "start": match["a"]}


def _nth(match: re.Match[str]) -> Problem:
    return {"kind": "nth", "rank": _RANKS[match["k"]], "weekday": _WEEKDAYS.index(match["w"]),
            "month": _month_number(match["m"]), "year": int(match["y"])}  # fmt: skip


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Problem]]
_PLAIN_RULES: Final[tuple[_Rule, ...]] = (
    (re.compile(rf"how many days (?:are there|are|lie) between (?P<a>{_ISO}) and (?P<b>{_ISO})\?"), _between),
    (re.compile(rf"what date is (?P<n>\d{{1,4}}) {_UNIT} (?P<r>after|before) (?P<a>{_ISO})\?"), _shift),
    (re.compile(rf"(?:what day of the week|which weekday) is (?P<a>{_ISO})\?"), _weekday),
)  # fmt: skip
_FREE_RULES: Final[tuple[_Rule, ...]] = (
    *_PLAIN_RULES,
    (re.compile(rf"how long is it from (?P<a>{_ISO}) to (?P<b>{_ISO}) in days\?"), _between),
    (re.compile(rf"on which day of the week does (?P<a>{_ISO}) fall\?"), _weekday),
    (re.compile(rf"(?P<r>add|subtract) (?P<n>\d{{1,4}}) {_UNIT} (?:to|from) (?P<a>{_ISO})\.?"), _shift),
    (re.compile(rf"what date is the (?P<k>{_RANK}) (?P<w>{_WEEKDAY}) of (?P<m>{_MONTH}) (?P<y>\d{{4}})\?"), _nth),
    (re.compile(rf"how many (?:working days|weekdays) are there from (?P<a>{_ISO}) to (?P<b>{_ISO}), both included\?"),
     lambda m: {"kind": "working", "start": m["a"], "end": m["b"]}),
)  # fmt: skip


def _month_number(name: str) -> int:
    return 1 + next(index for index, month in enumerate(_MONTHS) if month.startswith(name))


def _iso(day: str, month: str, year: str) -> str:
    try:
        return date(int(year), _month_number(month), int(day)).isoformat()
    except ValueError:
        return f"{day} {month} {year}"


def _with_iso_dates(text: str) -> str:
    text = _DAY_FIRST.sub(lambda match: _iso(match[1], match[2], match[3]), text)
    return _MONTH_FIRST.sub(lambda match: _iso(match[2], match[1], match[3]), text)


def _match(text: str, rules: tuple[_Rule, ...], form: Problem) -> Problem | None:
    for pattern, build in rules:
        if match := pattern.fullmatch(text):
            return {"family": "dates", **build(match), "form": form}
    return None


def canonical(text: str) -> Problem | None:
    """The three plain questions, with ISO dates, days and digits."""
    return _match(text[:1].lower() + text[1:], _PLAIN_RULES, {}) if re.search(_ISO, text) else None


def free(text: str) -> Problem | None:
    """Written dates, number words, requested forms and every question, with any introduction."""
    plain, form = split_form(without_filler(number_words(text.lower())))
    return _match(_with_iso_dates(plain), _FREE_RULES, form)
