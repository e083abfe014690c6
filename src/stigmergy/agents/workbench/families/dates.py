"""Dates: spans, shifts, weekdays, working days, "the second Tuesday of"; answers in a requested form."""

# ruff: noqa: PLR2004 - the shares in which a generator mixes its wordings are data, and each is used once
from __future__ import annotations

import calendar
import json
import random
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from stigmergy.agents.workbench.families.numeric_answers import RIGHT_NUMBER_WRONG_FORM, read_numbers
from stigmergy.agents.workbench.families.phrasing import dress, say_number
from stigmergy.agents.workbench.task import Difficulty, WorkbenchTask, make_task

_Question = tuple[str, dict[str, Any]]
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_FORMS: Final = {"iso": "%Y-%m-%d", "long": "%d %B %Y", "slashed": "%d/%m/%Y"}
_ASKED: Final = {
    "iso": (" Answer in ISO format.", " Give the date in ISO format."),
    "long": (" Write it like 5 March 2024.", " Write the date out, like 5 March 2024."),
    "slashed": (" Answer as DD/MM/YYYY.",),
}
_READABLE: Final = ("%Y-%m-%d", "%d %B %Y", "%B %d %Y", "%B %d, %Y", "%d/%m/%Y", "%d %b %Y", "%A %d %B %Y")


def _some_day(rng: random.Random) -> date:
    return date(rng.randint(1990, 2034), 1, 1) + timedelta(days=rng.randint(0, 364))


def _write(rng: random.Random, day: date, difficulty: Difficulty) -> str:
    month = calendar.month_name[day.month]
    if difficulty == "easy" or rng.random() < 0.25:
        return day.isoformat()
    forms = [f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"]
    if difficulty == "hard":
        ending = "th" if 10 < day.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        forms += [f"the {day.day}{ending} of {month} {day.year}", f"{day.day} {month[:3]} {day.year}"]
    return rng.choice(forms)


def _between(rng: random.Random, difficulty: Difficulty) -> _Question:
    start = _some_day(rng)
    days = rng.randint(2, 400)
    first, second = (_write(rng, day, difficulty) for day in (start, start + timedelta(days=days)))
    frames = (
        f"How many days are there between {first} and {second}?",
        f"How many days lie between {first} and {second}?",
        f"How long is it from {first} to {second} in days?",
    )
    return rng.choice(frames[: {"easy": 1, "medium": 2, "hard": 3}[difficulty]]), {"number": days}


def _weekday(rng: random.Random, difficulty: Difficulty) -> _Question:
    day = _some_day(rng)
    said = _write(rng, day, difficulty)
    frames = (
        f"What day of the week is {said}?",
        f"Which weekday is {said}?",
        f"On which day of the week does {said} fall?",
    )
    return rng.choice(frames[: {"easy": 1, "medium": 2, "hard": 3}[difficulty]]), {
        "weekday": calendar.day_name[day.weekday()]
    }


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _asked_form(rng: random.Random, difficulty: Difficulty) -> tuple[str, dict[str, Any]]:
    if difficulty == "easy" or rng.random() < 0.3:
        return "", {}
    form = rng.choice(tuple(_FORMS))
    return rng.choice(_ASKED[form]), {"form": form}


def _shift(rng: random.Random, difficulty: Difficulty) -> _Question:
    start, direction = _some_day(rng), rng.choice((1, -1))
    unit = "day" if difficulty == "easy" else rng.choice(("day", "week", "month"))
    amount = rng.randint(2, {"day": 200, "week": 30, "month": 20}[unit])
    steps = amount * direction
    result = (
        _add_months(start, steps) if unit == "month" else start + timedelta(days=steps * (7 if unit == "week" else 1))
    )
    said = say_number(amount) if difficulty == "hard" and rng.random() < 0.6 else str(amount)
    relation = "after" if direction > 0 else "before"
    question = f"What date is {said} {unit}s {relation} {_write(rng, start, difficulty)}?"
    if difficulty == "hard" and rng.random() < 0.5:
        verb = "Add" if direction > 0 else "Subtract"
        question = f"{verb} {said} {unit}s {'to' if direction > 0 else 'from'} {_write(rng, start, difficulty)}."
    clause, form = _asked_form(rng, difficulty)
    return question + clause, {"date": result.isoformat(), **form}


def _nth_weekday(rng: random.Random, difficulty: Difficulty) -> _Question:
    year, month, weekday = rng.randint(1995, 2035), rng.randint(1, 12), rng.randrange(7)
    ordinal = rng.choice(tuple(_ORDINALS))
    days = [week[weekday] for week in calendar.monthcalendar(year, month) if week[weekday]]
    place = _ORDINALS[ordinal]
    result = date(year, month, days[place - 1 if place > 0 else place])
    name = f"the {ordinal} {calendar.day_name[weekday]} of {calendar.month_name[month]} {year}"
    clause, form = _asked_form(rng, difficulty)
    return f"What date is {name}?{clause}", {"date": result.isoformat(), **form}


def _working_days(rng: random.Random, difficulty: Difficulty) -> _Question:
    start = _some_day(rng)
    end = start + timedelta(days=rng.randint(6, 90))
    days = sum((start + timedelta(days=k)).weekday() < 5 for k in range((end - start).days + 1))
    said = rng.choice(("working days", "weekdays"))
    first, second = (_write(rng, day, difficulty) for day in (start, end))
    return f"How many {said} are there from {first} to {second}, both included?", {"number": days}


def _how_often(rng: random.Random, _: Difficulty) -> _Question:
    year, month, weekday = rng.randint(1995, 2035), rng.randint(1, 12), rng.randrange(7)
    count = sum(bool(week[weekday]) for week in calendar.monthcalendar(year, month))
    return f"How many {calendar.day_name[weekday]}s are there in {calendar.month_name[month]} {year}?", {
        "number": count
    }


_KINDS: Final[dict[Difficulty, tuple[Callable[[random.Random, Difficulty], _Question], ...]]] = {
    "easy": (_between, _weekday, _shift),
    "medium": (_between, _weekday, _shift, _shift),
    "hard": (_between, _weekday, _shift, _shift, _nth_weekday, _working_days, _how_often),
}


def generate(rng: random.Random, difficulty: Difficulty) -> WorkbenchTask:
    """One task; easy ones use ISO dates and days, hard ones worded dates, months, weekday ranks and working days."""
    question, facts = rng.choice(_KINDS[difficulty])(rng, difficulty)
    return make_task(dress(rng, question, difficulty), "dates", difficulty, **facts)


def _read_date(text: str) -> date | None:
    plain = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", " ".join(text.split())).strip(" .")
    for form in _READABLE:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a calendar date has no zone
        except ValueError:
            continue
    return None


def check(reference: str, answer: str) -> float:
    """1 for the right day, weekday or number, 0.5 for the right day in another form than asked for, otherwise 0.

    A date may stand in any of the usual forms when none was asked for.
    """
    expected = json.loads(reference)
    if "number" in expected:
        numbers = read_numbers(answer)
        return float(len(numbers) == 1 and numbers[0][1] == expected["number"])
    if "weekday" in expected:
        named = {name for name in calendar.day_name if re.search(rf"\b{name}\b", answer, re.IGNORECASE)}
        return float(named == {expected["weekday"]})
    day = date.fromisoformat(expected["date"])
    if _read_date(answer) != day:
        return 0.0
    form = expected.get("form")
    if form is None or answer.strip().lstrip("0") == day.strftime(_FORMS[form]).lstrip("0"):
        return 1.0
    return RIGHT_NUMBER_WRONG_FORM
