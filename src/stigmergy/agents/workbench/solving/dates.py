"""Date sums: by the calendar's rules, and by walking one day at a time."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any, Final

from stigmergy.agents.workbench.understanding.wording import Problem

_LONGEST_WALK: Final = 4_000
_DAYS: Final = {"day": 1, "week": 7}
_WEEKEND: Final = (calendar.SATURDAY, calendar.SUNDAY)
_MONTHS: Final = {"month": 1, "year": 12}


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _shift(problem: Problem) -> str:
    start, amount, unit = date.fromisoformat(problem["start"]), problem["amount"], problem["unit"]
    if unit in _MONTHS:
        return _add_months(start, amount * _MONTHS[unit]).isoformat()
    return (start + timedelta(days=amount * _DAYS[unit])).isoformat()


def count_days(problem: Problem) -> Any:
    """Spans, weekdays and shifts by days or weeks; nothing else."""
    if problem["kind"] == "working":
        raise ValueError("I count no working days")
    if problem["kind"] == "shift" and problem["unit"] not in _DAYS:
        raise ValueError(f"I shift dates by days and weeks, not by {problem['unit']}s")
    return compute_plain(problem)


def compute_all(problem: Problem) -> Any:
    """Every kind: what ``compute_plain`` knows, and "the second Tuesday of"."""
    return _nth(problem) if problem["kind"] == "nth" else compute_plain(problem)


def _nth(problem: Problem) -> str:
    """The n-th weekday of a month from its first day; from its last for a rank below zero."""
    year, month, rank = problem["year"], problem["month"], problem["rank"]
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    hits = [week[problem["weekday"]] for week in weeks if week[problem["weekday"]].month == month]
    found: date = hits[rank - 1 if rank > 0 else rank]
    return found.isoformat()


def compute_plain(problem: Problem) -> Any:
    """Spans, working days, weekdays and shifts by any unit; not "the second Tuesday of"."""
    start = date.fromisoformat(problem["start"]) if "start" in problem else None
    if problem["kind"] == "shift":
        return _shift(problem)
    if problem["kind"] == "between" and start:
        return abs((date.fromisoformat(problem["end"]) - start).days)
    if problem["kind"] == "weekday" and start:
        return calendar.day_name[start.weekday()]
    if problem["kind"] == "working" and start:
        return _working_days(*sorted((start, date.fromisoformat(problem["end"]))))
    raise ValueError("I know no ranks of weekdays")


def _working_days(first: date, last: date) -> int:
    """Mondays to Fridays from first to last, both counted: five of every whole week, and those of the rest."""
    weeks, rest = divmod((last - first).days + 1, 7)
    return 5 * weeks + sum((first.weekday() + day) % 7 not in _WEEKEND for day in range(rest))


def walk(problem: Problem) -> Any:
    """Every kind except shifts by months, one day at a time: slow, but it counts what no rule here covers."""
    if problem["kind"] == "nth":
        return _walk_month(problem)
    start = date.fromisoformat(problem["start"])
    if problem["kind"] == "weekday":
        # 2000-01-01 was a Saturday.
        return calendar.day_name[(start.toordinal() - date(2000, 1, 1).toordinal() + 5) % 7]
    if problem["kind"] == "shift":
        days = problem["amount"] * _DAYS[problem["unit"]]
        return _steps(start, days)[-1].isoformat()
    end = date.fromisoformat(problem["end"])
    visited = _steps(min(start, end), abs(end.toordinal() - start.toordinal()))
    return len(visited) - 1 if problem["kind"] == "between" else sum(day.weekday() not in _WEEKEND for day in visited)


def _steps(start: date, days: int) -> list[date]:
    if abs(days) > _LONGEST_WALK:
        raise ValueError(f"{abs(days)} days are too many to count")
    step = timedelta(days=1 if days >= 0 else -1)
    visited = [start]
    for _ in range(abs(days)):
        visited.append(visited[-1] + step)
    return visited


def _walk_month(problem: Problem) -> str:
    month = [day for day in _steps(date(problem["year"], problem["month"], 1), 30) if day.month == problem["month"]]
    hits = [day for day in month if day.weekday() == problem["weekday"]]
    rank: int = problem["rank"]
    return hits[rank - 1 if rank > 0 else rank].isoformat()
