"""Ray's errors to ours."""

from __future__ import annotations

from ray.exceptions import RayActorError, RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from stigmergy import errors

AWAY = (RayError, RayServeException, TimeoutError)
"""What a call of another deployment raises when that deployment is not there at the moment."""


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
