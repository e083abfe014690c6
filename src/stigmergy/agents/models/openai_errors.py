"""What servers of OpenAI's API refuse with, and what goes wrong on the way to them, as AgentErrors.

======================================================================  ================
what the server or the network said                                     error
======================================================================  ================
connection refused or name unknown, 401, 404, 402, 429 without credit   AgentUnavailable
other 429, 503, 529                                                     AgentOverloaded
timeout, 408                                                            AgentTimedOut
400 with a content filter or policy violation                           AgentRefused
400 or 413 about the input's length                                     InputTooLong
connection lost on the way, every other status                          AgentFailed
a body that is no completion                                            InvalidReply
======================================================================  ================
"""

from __future__ import annotations

import json
from typing import Any, Final

from stigmergy.agents.models.http.base import NotConnected
from stigmergy.errors import (
    AgentError,
    AgentFailed,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InputTooLong,
)

_NO_CREDIT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_REFUSALS: Final = frozenset({"content_filter", "content_policy_violation", "refusal", "ResponsibleAIPolicyViolation"})
_TOO_LONG: Final = frozenset({"context_length_exceeded", "string_above_max_length"})
_BY_STATUS: Final[dict[int, type[AgentError]]] = {
    401: AgentUnavailable,
    402: AgentUnavailable,
    404: AgentUnavailable,
    408: AgentTimedOut,
    413: InputTooLong,
    429: AgentOverloaded,
    503: AgentOverloaded,
    529: AgentOverloaded,
}


_LONGEST_SHOWN: Final = 300


def refused(model: str, status: int, body: str) -> AgentError:
    """The AgentError that an answer with a bad status amounts to, by the table above."""
    error = _stated(body)
    named = {str(error[name]) for name in ("code", "type") if error.get(name)}
    said = error.get("message") or body[:_LONGEST_SHOWN] or "nothing more"
    return _class_of(status, named)(model, f"HTTP {status}: {said}")


def broken_off(model: str, event: dict[str, Any]) -> AgentError:
    """What an error in the middle of a stream amounts to: the server had begun to work."""
    return AgentFailed(model, f"the server broke off: {str(event['error'])[:_LONGEST_SHOWN]}")


def connection_error(model: str, error: Exception) -> AgentError:
    """What an error of HTTP amounts to.

    Only a connection that never stood proves that nothing was sent; one that broke later leaves the outcome unknown.
    """
    if isinstance(error, TimeoutError):
        return AgentTimedOut(model, "the server did not answer in time")
    if isinstance(error, NotConnected):
        return AgentUnavailable(model, f"cannot connect: {error}")
    return AgentFailed(model, f"the connection broke: {error}")


def _class_of(status: int, named: set[str]) -> type[AgentError]:
    if named & _NO_CREDIT:
        return AgentUnavailable
    if status == 400 and named & _REFUSALS:  # noqa: PLR2004 - an HTTP status is its own name
        return AgentRefused
    if named & _TOO_LONG:
        return InputTooLong
    return _BY_STATUS.get(status, AgentFailed)


def _stated(body: str) -> dict[str, Any]:
    """The error object of a body; empty where there is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    error = document.get("error", document) if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}
