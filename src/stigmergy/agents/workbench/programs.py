"""The workbench's programs by name: pure functions from a request to a reply, in four stages.

They hand on in ``Reply.data``: ``problem`` (the family, its keys and the requested ``form``) from the understanders,
``value`` from the solvers and checkers. A program that cannot do its work says so (``answered=False``), hands on what
it was given, and raises nothing. None of them sets usage: the agent that wraps a program prices its calls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from stigmergy.agents.base import Data, Reply, Request
from stigmergy.agents.workbench.answering import formats
from stigmergy.agents.workbench.checking import checks
from stigmergy.agents.workbench.checking.checks import Judgement
from stigmergy.agents.workbench.solving import solvers
from stigmergy.agents.workbench.solving.solvers import Skills
from stigmergy.agents.workbench.understanding.understanders import READ, SCAN, STUDY, understand
from stigmergy.agents.workbench.understanding.wording import Problem, Reader

Program: TypeAlias = Callable[[Request], Reply]
_CANNOT: Final = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError, sqlite3.Error)
"""What broken text or data from earlier steps may raise inside a program."""
_LONGEST_SHOWN: Final = 200


def _given(request: Request) -> Data:
    last = request.last()
    return last.data if last else {}


def _declined(request: Request, fault: BaseException | str, verdict: float | None = None) -> Reply:
    last = request.last()
    reason = str(fault)[:_LONGEST_SHOWN]
    text = f"{last.text}; {reason}"[-2 * _LONGEST_SHOWN :] if last and not last.answered else reason
    return Reply(text=text, data=_given(request), answered=False, verdict=verdict)


def _problem(request: Request) -> Problem:
    """The problem handed over; at the first hop, what a quick look at the query shows."""
    if request.last() is None:
        return understand(request.text, SCAN)
    problem = _given(request).get("problem")
    if not isinstance(problem, dict):
        raise ValueError("no problem was handed over")  # noqa: TRY004 - broken data, not a broken program
    return problem


def _understander(readers: tuple[Reader, ...]) -> Program:
    def program(request: Request) -> Reply:
        try:
            problem = understand(request.text, readers)
        except _CANNOT as fault:
            return _declined(request, fault)
        return Reply(text=f"a problem of {problem['family']}", data={**_given(request), "problem": problem})

    return program


def _solver(skills: Skills) -> Program:
    def program(request: Request) -> Reply:
        try:
            problem = _problem(request)
            value = solvers.solve(problem, skills)
        except _CANNOT as fault:
            return _declined(request, fault)
        return Reply(text=str(value), data={**_given(request), "problem": problem, "value": value})

    return program


def _judged(request: Request, problem: Problem, judgement: Judgement) -> Reply:
    if judgement.value is None:
        return _declined(request, "there is no value to check", 0.0)
    data = {**_given(request), "problem": problem, "value": judgement.value}
    return Reply(text=str(judgement.value), data=data, verdict=judgement.verdict)


def _checker(check: checks.Check) -> Program:
    def program(request: Request) -> Reply:
        value = _given(request).get("value")
        try:
            problem = _problem(request)
            return _judged(request, problem, check(problem, value))
        except _CANNOT as fault:
            return _unjudged(request, fault)

    return program


def _unjudged(request: Request, fault: BaseException) -> Reply:
    """A value that could not be checked goes on unjudged; a missing one is a failure of the work before."""
    value = _given(request).get("value")
    if value is None:
        return _declined(request, fault, 0.0)
    return Reply(text=str(value), data=_given(request))


def _audit(request: Request) -> Reply:
    value = _given(request).get("value")
    try:
        problem = understand(request.text, READ)
        return _judged(request, problem, checks.audit(problem, value))
    except _CANNOT as fault:
        return _unjudged(request, fault)


def _answerer(write: Callable[[Problem, Any], str]) -> Program:
    def program(request: Request) -> Reply:
        data = _given(request)
        try:
            if data.get("value") is None:
                raise ValueError("no value was handed over")
            text = write(_problem(request), data["value"])
        except _CANNOT as fault:
            return _declined(request, fault)
        return Reply(text=text, data={**data, "answer": text})

    return program


PROGRAMS: Final[Mapping[str, Program]] = MappingProxyType({
    "scan": _understander(SCAN),
    "read": _understander(READ),
    "study": _understander(STUDY),
    "abacus": _solver(solvers.ABACUS),
    "calculator": _solver(solvers.CALCULATOR),
    "balance": _solver(solvers.BALANCE),
    "symbolist": _solver(solvers.SYMBOLIST),
    "almanac": _solver(solvers.ALMANAC),
    "scribe": _solver(solvers.SCRIBE),
    "clerk": _solver(solvers.CLERK),
    "stepper": _solver(solvers.STEPPER),
    "journeyman": _solver(solvers.JOURNEYMAN),
    "polymath": _solver(solvers.POLYMATH),
    "glance": _checker(checks.glance),
    "recheck": _checker(checks.recheck),
    "audit": _audit,
    "plain": _answerer(formats.plain),
    "polish": _answerer(formats.polish),
})  # fmt: skip
