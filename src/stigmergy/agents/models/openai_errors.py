"""Errors of the ``openai`` client as AgentErrors.

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

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stigmergy.errors import (
    AgentError,
    AgentFailed,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InputTooLong,
    InvalidReply,
)

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAIError

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


def agent_error(model: str, error: OpenAIError) -> AgentError:
    """The AgentError that an error of the client amounts to, by the table above."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return AgentTimedOut(model, "the server did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return _connection_error(model, error)
    if isinstance(error, openai.APIResponseValidationError):
        return InvalidReply(model, f"the server's answer is not a completion: {error.message}")
    if isinstance(error, openai.APIStatusError):
        return _class_of(error)(model, f"HTTP {error.status_code}: {error.message}")
    return AgentFailed(model, f"{type(error).__name__}: {error}")


def _class_of(error: APIStatusError) -> type[AgentError]:
    named = {str(name) for name in (error.code, error.type) if name}
    if named & _NO_CREDIT:
        return AgentUnavailable
    if error.status_code == 400 and named & _REFUSALS:  # noqa: PLR2004 - an HTTP status is its own name
        return AgentRefused
    if named & _TOO_LONG:
        return InputTooLong
    return _BY_STATUS.get(error.status_code, AgentFailed)


def _connection_error(model: str, error: BaseException) -> AgentError:
    causes = list(_causes(error))
    reason = f"{type(causes[-1]).__name__}: {causes[-1]}"
    # By name: the client has changed its HTTP library between versions. Only a connection that never stood proves
    # that nothing was sent; one that broke later leaves the outcome unknown.
    if any(type(cause).__name__ == "ConnectError" for cause in causes):
        return AgentUnavailable(model, f"cannot connect: {reason}")
    return AgentFailed(model, f"the connection broke: {reason}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__
