"""The way from the engine to the agents, wherever they run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from stigmergy.agents.base import Agent, Reply, Request
from stigmergy.domain import AgentId
from stigmergy.errors import AgentError, AgentFailed, AgentTimedOut, AgentUnavailable, InvalidReply


class AgentGateway(Protocol):
    """Calls agents by name. Never retries: the engine decides."""

    async def call(self, agent: AgentId, request: Request) -> Reply:
        """One call, within ``request.timeout_s`` seconds.

        Raises:
            AgentError: every way to fail, and nothing else.
        """
        ...

    async def aclose(self) -> None:
        """Close every agent."""
        ...


class InProcessGateway:
    """Agents that live in this process."""

    def __init__(self, agents: Mapping[AgentId, Agent]) -> None:
        self._agents = agents

    async def call(self, agent: AgentId, request: Request) -> Reply:
        """One call, within its time limit; whatever an agent raises becomes an AgentError."""
        found = self._agents.get(agent)
        if found is None:
            raise AgentUnavailable(agent, "no agent of this name runs in this process")
        reply = await _within_limit(found, agent, request)
        if not isinstance(reply, Reply):
            raise InvalidReply(agent, f"it returned {type(reply).__name__} instead of a Reply")
        return reply

    async def aclose(self) -> None:
        """Close every agent."""
        for agent in self._agents.values():
            await agent.aclose()


async def _within_limit(called: Agent, agent: AgentId, request: Request) -> object:
    try:
        async with asyncio.timeout(request.timeout_s) as limit:
            return await called.call(request)
    except AgentError:
        raise
    except TimeoutError as error:
        if limit.expired():
            raise AgentTimedOut(agent, f"no reply within {request.timeout_s:g} s") from None
        raise AgentFailed(agent, f"TimeoutError: {error}") from error
    except asyncio.CancelledError:
        if _asked_to_stop():
            raise
        raise AgentFailed(agent, "its work was cancelled, though nobody asked for that") from None
    except Exception as error:
        raise AgentFailed(agent, f"{type(error).__name__}: {error}") from error


def _asked_to_stop() -> bool:
    """Whether the caller is being cancelled, rather than something that the agent was waiting for."""
    caller = asyncio.current_task()
    return caller is None or caller.cancelling() > 0
