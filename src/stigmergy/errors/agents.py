"""A call of an agent failed."""

from __future__ import annotations

from typing import ClassVar

from stigmergy.errors.base import StigmergyError


class AgentError(StigmergyError):
    """A call of an agent failed. The engine heals from it; a caller sees it only inside an escalation."""

    code = "agent_error"
    charges_worst_case: ClassVar[bool] = True
    """Whether the work may have been done: only what was provably not sent is released."""

    def __init__(self, agent: str, reason: str) -> None:
        super().__init__(agent, reason)
        self.agent, self.reason = agent, reason

    def __str__(self) -> str:
        return f"agent {self.agent!r}: {self.reason}"


class AgentFailed(AgentError):
    """The agent raised, or its server answered with an error."""

    code = "agent_failed"


class AgentTimedOut(AgentError):
    """The call outlived its time limit. Its outcome is unknown, so its worst case is charged."""

    code = "agent_timed_out"


class AgentRefused(AgentError):
    """The agent declined the work. Nothing was done and nothing is charged."""

    code = "agent_refused"
    charges_worst_case = False


class AgentUnavailable(AgentError):
    """Hard signal, nothing was sent: connection refused, no replica, credit exhausted. The breaker opens at once."""

    code = "agent_unavailable"
    charges_worst_case = False


class AgentLost(AgentUnavailable):
    """Hard signal in mid-call: the replica died. Whether the work was done is unknown, so its worst case is charged."""

    code = "agent_lost"
    charges_worst_case = True


class AgentOverloaded(AgentError):
    """Back pressure: the agent is alive and has no room (429, full queue)."""

    code = "agent_overloaded"
    charges_worst_case = False


class InvalidReply(AgentError):
    """The agent answered with something that is not a reply (no text, wrong schema, usage above its caps)."""

    code = "invalid_reply"


class InputTooLong(AgentError):
    """The request is longer than the agent's ``max_input_tokens``; it was not sent."""

    code = "input_too_long"
    charges_worst_case = False
