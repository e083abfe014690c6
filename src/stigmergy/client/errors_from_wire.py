"""Replies that are no success, as the errors of ``stigmergy.errors`` that the server meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stigmergy.errors import ServerOverloaded, StigmergyError, UnexpectedReply
from stigmergy.wire import PROBLEM_TYPE, Problem

_OVERLOADED = 503


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> StigmergyError:
    """The error that a reply stands for.

    A problem document gives back the very error that the server raised, class and arguments. A 503 that says when to
    come back (from the server or from a proxy before it) is ServerOverloaded. All else is UnexpectedReply.

    Args:
        status: the HTTP status, not a success.
        headers: the reply's headers, found in any letter case.
        body: the reply's body.
    """
    told = {name.lower(): value for name, value in headers.items()}
    if told.get("content-type", "").startswith(PROBLEM_TYPE):
        error = _from_body(body)
        if error is not None:
            return error
    retry_after_s = _seconds(told.get("retry-after", ""))
    if status == _OVERLOADED and retry_after_s is not None:
        return ServerOverloaded(retry_after_s)
    return UnexpectedReply(status, body.decode(errors="replace"))


def error_classes() -> Mapping[str, type[StigmergyError]]:
    """Every error class by its ``code``. A class without a code of its own goes by its parent's."""
    found: dict[str, type[StigmergyError]] = {}
    for error_class in _family(StigmergyError):
        found.setdefault(error_class.code, error_class)
    return found


def _family(root: type[StigmergyError]) -> Iterator[type[StigmergyError]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)


def error_of_problem(problem: Problem) -> StigmergyError:
    """The error that a problem document stands for; UnexpectedReply when it is of another version of the server."""
    return _rebuilt(problem) or UnexpectedReply(problem.status, problem.detail)


def _from_body(body: bytes) -> StigmergyError | None:
    try:
        return _rebuilt(Problem.model_validate_json(body))
    except ValidationError:
        return None


def _rebuilt(problem: Problem) -> StigmergyError | None:
    try:
        error = error_classes()[problem.code](*(_frozen(fact) for fact in problem.facts))
        # An error whose facts do not fit (another version of the server) shows it when its text is built.
        str(error)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return error


def _frozen(fact: Any) -> Any:
    return tuple(_frozen(item) for item in fact) if isinstance(fact, list | tuple) else fact


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
