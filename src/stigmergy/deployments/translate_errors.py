"""Ray's errors to ours, ours to HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from ray.exceptions import RayActorError, RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from stigmergy import errors, wire

AWAY = (RayError, RayServeException, TimeoutError)
"""What a call of another deployment raises when that deployment is not there at the moment."""

_STATUS: tuple[tuple[type[errors.StigmergyError], int], ...] = (
    (errors.MalformedRequest, 400),
    (errors.UnknownGraph, 404),
    (errors.UnknownRouter, 404),
    (errors.TaskNotFound, 404),
    (errors.EpisodeNotFound, 404),
    (errors.IdempotencyConflict, 409),
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


def malformed(error: ValidationError) -> errors.MalformedRequest:
    """What pydantic found wrong with a request body."""
    return errors.MalformedRequest(
        tuple(_field(detail) for detail in error.errors(include_url=False, include_input=False))
    )


def _field(detail: Any) -> tuple[str, str]:
    return ".".join(str(part) for part in detail["loc"]) or "body", str(detail["msg"])


def agent_error(agent: str, error: BaseException) -> errors.AgentError:
    """What Ray Serve raised for a call of an agent's deployment, in our words.

    A dead replica and an unreachable one are hard signals of a call whose outcome is unknown; back pressure and an
    undeployed agent were provably not sent.
    """
    reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no text'}"
    if isinstance(error, BackPressureError):
        return errors.AgentOverloaded(agent, "its queue is full")
    if isinstance(error, DeploymentUnavailableError):
        return errors.AgentUnavailable(agent, reason)
    if isinstance(error, RayActorError):
        return errors.AgentLost(agent, f"its replica is gone ({type(error).__name__})")
    return errors.AgentFailed(agent, reason)
