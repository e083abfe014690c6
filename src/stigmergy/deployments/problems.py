"""Our errors to HTTP: status codes and problem documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stigmergy import errors, wire

_STATUS: tuple[tuple[type[errors.StigmergyError], int], ...] = (
    (errors.MalformedRequest, 400),
    (errors.Unauthorized, 401),
    (errors.BudgetExhausted, 402),
    (errors.UnknownGraph, 404),
    (errors.UnknownRouter, 404),
    (errors.TaskNotFound, 404),
    (errors.EpisodeNotFound, 404),
    (errors.IdempotencyConflict, 409),
    (errors.TaskEnded, 409),
    (errors.ApprovalNotAsked, 409),
    (errors.NoDeadLetter, 409),
    (errors.NotOperator, 403),
    (errors.PolicyNotFound, 404),
    (errors.PolicyMoved, 409),
    (errors.PromotionRefused, 409),
    (errors.RequestError, 422),
    (errors.ServerOverloaded, 503),
    (errors.StoreUnavailable, 503),
)


def http_status(error: errors.StigmergyError) -> int:
    """The status code that an error is answered with."""
    return next((status for cls, status in _STATUS if isinstance(error, cls)), 500)


def problem_of(error: errors.StigmergyError) -> wire.Problem:
    """The problem document (RFC 9457) of an error; a client rebuilds the error from ``code`` and ``facts``."""
    title = type(error).__doc__ or type(error).__name__
    return wire.Problem(
        type=f"urn:stigmergy:error:{error.code}",
        title=title.splitlines()[0],
        status=http_status(error),
        detail=str(error),
        code=error.code,
        facts=error.args,
    )


def malformed(details: Iterable[Mapping[str, Any]]) -> errors.MalformedRequest:
    """What pydantic found wrong with a request."""
    return errors.MalformedRequest(tuple(map(_field, details)))


def _field(detail: Mapping[str, Any]) -> tuple[str, str]:
    return ".".join(str(part) for part in detail["loc"]) or "body", str(detail["msg"])
