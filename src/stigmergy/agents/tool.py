"""A Python callable as an agent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.runners import Program, Runner
from stigmergy.domain import AgentProfile, Usage
from stigmergy.errors import AgentError, AgentFailed, AgentLost, AgentTimedOut, InvalidReply


@dataclass(frozen=True, slots=True)
class OnText:
    """A program made of a function from text to text (or to a Reply): it sees ``request.text`` alone."""

    function: Callable[[str], Any]

    def __call__(self, request: Request) -> Any:
        """Call the function with the request's text."""
        return self.function(request.text)


class ToolAgent:
    """Runs a program for every call.

    A program takes a Request and returns a Reply or a str (which becomes a Reply's text); ``OnText`` makes one of a
    function that takes plain text. Programs that run on the loop may be coroutine functions. Whatever a program raises
    becomes an AgentFailed that names the exception, a refused connection an AgentLost, which opens the agent's breaker
    at once; AgentErrors pass through.
    """

    def __init__(
        self, profile: AgentProfile, program: Program, runner: Runner, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.profile = profile
        self._program = program
        self._runner = runner
        self._clock = clock

    async def call(self, request: Request) -> Reply:
        """Run the program once; see ``Agent.call``.

        Raises:
            AgentTimedOut: the program outlived ``request.timeout_s``.
            AgentFailed: it raised.
            AgentLost: what it wanted to reach refused the connection.
            InvalidReply: it returned neither a Reply nor a str.
            AgentError: what it raised itself.
        """
        started = self._clock()
        outcome = await self._outcome(request)
        reply = Reply(text=outcome) if isinstance(outcome, str) else outcome
        if not isinstance(reply, Reply):
            kind = type(outcome).__name__
            raise InvalidReply(self.profile.id, f"the program returned {kind}; a Reply or a str is expected")
        return booked(reply, self.profile, self._clock() - started)

    async def aclose(self) -> None:
        """Close the runner."""
        await self._runner.aclose()

    async def _outcome(self, request: Request) -> object:
        agent = self.profile.id
        try:
            async with asyncio.timeout(request.timeout_s) as limit:
                return await self._runner.run(self._program, request)
        except AgentError:
            raise
        except TimeoutError as error:
            if limit.expired():
                raise AgentTimedOut(agent, f"the program took longer than {request.timeout_s:g} s") from error
            raise AgentFailed(agent, f"TimeoutError: {error}") from error
        except Exception as error:
            if _connection_was_refused(error):
                raise AgentLost(agent, f"{type(error).__name__}: {error}") from error
            raise AgentFailed(agent, f"{type(error).__name__}: {error}") from error


def _connection_was_refused(error: BaseException | None) -> bool:
    """Whether what the program works with is not there: a hard signal, though what it did before that is unknown."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False


def booked(reply: Reply, profile: AgentProfile, latency_s: float) -> Reply:
    """The reply under its agent's name, with what it cost: one call, and the tokens it stated if it stated any."""
    used = reply.usage
    calls = max(1, used.model_calls)
    usd = profile.price.of(used.input_tokens, used.output_tokens, calls, used.cached_tokens)
    usage = Usage(used.input_tokens, used.output_tokens, calls, usd, latency_s, used.cached_tokens)
    return replace(reply, agent=profile.id, usage=usage)
