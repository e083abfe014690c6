"""Fire drills: an agent that refuses all work while a file exists, so that healing can be watched in production."""

from __future__ import annotations

from pathlib import Path

from stigmergy.agents.base import Agent, Reply, Request
from stigmergy.domain import AgentProfile
from stigmergy.errors import AgentRefused


class WrapperAgent:
    """Passes everything through to another agent; subclasses change what they need to."""

    def __init__(self, wrapped: Agent) -> None:
        self.wrapped = wrapped

    @property
    def profile(self) -> AgentProfile:
        """The wrapped agent's profile."""
        return self.wrapped.profile

    async def call(self, request: Request) -> Reply:
        """Call the wrapped agent."""
        return await self.wrapped.call(request)

    async def aclose(self) -> None:
        """Close the wrapped agent."""
        await self.wrapped.aclose()


class DrillAgent(WrapperAgent):
    """Refuses while ``refuse_while`` exists; otherwise the wrapped agent works undisturbed."""

    def __init__(self, wrapped: Agent, refuse_while: Path) -> None:
        super().__init__(wrapped)
        self.refuse_while = refuse_while

    async def call(self, request: Request) -> Reply:
        """Call the wrapped agent, unless a drill is on.

        Raises:
            AgentRefused: the file exists.
            AgentError: what the wrapped agent raised.
        """
        if self._drill_is_on():
            reason = f"a drill is on: {self.refuse_while} exists; remove the file to end it"
            raise AgentRefused(self.profile.id, reason)
        return await super().call(request)

    def _drill_is_on(self) -> bool:
        return self.refuse_while.exists()
