"""Our errors as OpenAI's: a status and ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from pydantic_core import to_json

from stigmergy import errors
from stigmergy.domain import Status
from stigmergy.errors import StigmergyError

_INVALID: Final = "invalid_request_error"
_QUOTA: Final = "insufficient_quota"
_SERVER: Final = "server_error"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How errors of one class are answered; ``code`` None is the error's own."""

    status: int
    type: str
    code: str | None = None
    param: str | None = None
    retry: bool | None = None
    """Whether OpenAI's clients are told to try again or not to; None leaves it to them."""


_KINDS: Final[tuple[tuple[type[StigmergyError], _Kind], ...]] = (
    (errors.MalformedRequest, _Kind(400, _INVALID)),
    (errors.Unauthorized, _Kind(401, _INVALID, "invalid_api_key")),
    (errors.BudgetExhausted, _Kind(429, _QUOTA, _QUOTA, retry=False)),
    (errors.UnknownGraph, _Kind(404, _INVALID, "model_not_found", "model")),
    (errors.UnknownRouter, _Kind(404, _INVALID, "model_not_found", "model")),
    (errors.IdempotencyConflict, _Kind(409, _INVALID, retry=False)),
    (errors.BudgetTooSmall, _Kind(400, _INVALID, param="stigmergy.budget")),
    (errors.InvalidBudget, _Kind(400, _INVALID, param="stigmergy.budget")),
    (errors.NoTradeOff, _Kind(400, _INVALID, param="stigmergy.trade_off")),
    (errors.InvalidQuery, _Kind(400, _INVALID, param="messages")),
    (errors.RequestError, _Kind(400, _INVALID)),
    (errors.ServerOverloaded, _Kind(429, "requests", "rate_limit_exceeded", retry=True)),
    (errors.StoreUnavailable, _Kind(503, _SERVER)),
)
_NO_ROOM: Final = _Kind(503, _SERVER, retry=True)
_DEFECT: Final = _Kind(500, _SERVER)
_ENDS: Final = {
    # What a whole graph could not do, with its retries and reroutes, is not to be tried again unasked.
    Status.ESCALATED.value: _Kind(500, _SERVER, "escalated", retry=False),
    Status.REFUSED.value: _Kind(400, _INVALID, "query_refused", "messages"),
    Status.CANCELLED.value: _Kind(503, _SERVER, "cancelled"),
    Status.DEAD_LETTER.value: _Kind(500, _SERVER, "dead_letter", retry=False),
    Status.NEEDS_APPROVAL.value: _Kind(409, _INVALID, "needs_approval", retry=False),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as it is answered."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str]

    def body(self) -> bytes:
        """The document as JSON."""
        return to_json(self.document)


def refusal_of(error: StigmergyError) -> Refusal:
    """The answer that an error amounts to."""
    kind = _kind_of(error)
    document: dict[str, Any] = {
        "message": str(error),
        "type": kind.type,
        "param": _param_of(error, kind),
        "code": kind.code or error.code,
    }
    if isinstance(error, errors.NotAnswered):
        document["stigmergy"] = {"episode_id": error.episode_id, "status": error.status}
    headers = {} if kind.retry is None else {"x-should-retry": "true" if kind.retry else "false"}
    if isinstance(error, errors.ServerOverloaded | errors.AgentsOverloaded):
        headers["retry-after"] = str(ceil(error.retry_after_s))
    if isinstance(error, errors.Unauthorized):
        headers["www-authenticate"] = "Bearer"
    return Refusal(kind.status, {"error": document}, headers)


def defect_of(error: Exception) -> Refusal:
    """The answer where the platform itself is at fault."""
    message = f"{type(error).__name__}, a defect; the log of the server says more"
    document = {"message": message, "type": _SERVER, "param": None, "code": "internal_error"}
    return Refusal(500, {"error": document}, {})


def _kind_of(error: StigmergyError) -> _Kind:
    if isinstance(error, errors.AgentsOverloaded):
        return _NO_ROOM
    if isinstance(error, errors.NotAnswered):
        return _ENDS.get(error.status, _DEFECT)
    return next((kind for cls, kind in _KINDS if isinstance(error, cls)), _DEFECT)


def _param_of(error: StigmergyError, kind: _Kind) -> str | None:
    return error.problems[0][0] if isinstance(error, errors.MalformedRequest) else kind.param
