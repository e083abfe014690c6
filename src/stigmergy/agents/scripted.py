"""An agent that follows a script: for tests, examples and drills."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.silence import Silence
from stigmergy.agents.tool import booked
from stigmergy.domain import NO_USAGE, AgentProfile, FailureKind
from stigmergy.errors import (
    AgentError,
    AgentFailed,
    AgentLost,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InvalidReply,
)

ERRORS: Final[Mapping[FailureKind, type[AgentError]]] = {
    FailureKind.ERROR: AgentFailed,
    FailureKind.TIMEOUT: AgentTimedOut,
    FailureKind.REFUSED: AgentRefused,
    FailureKind.INVALID_REPLY: InvalidReply,
    FailureKind.UNAVAILABLE: AgentUnavailable,
    FailureKind.OVERLOADED: AgentOverloaded,
    FailureKind.INTERRUPTED: AgentLost,
}
"""The error that stands for each kind of failure."""


Line: TypeAlias = Reply | str | FailureKind | AgentError | Silence
"""A reply (or its text), a failure, or silence."""


class Script(Protocol):
    """Says what the agent does at each call."""

    def line(self, call: int, request: Request) -> Line:
        """The line of the ``call``-th call, counted from 0."""
        ...


@dataclass(frozen=True, slots=True)
class InOrder:
    """The lines in order, and again from the first after the last."""

    lines: Sequence[Line]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("a script needs at least one line")

    def line(self, call: int, request: Request) -> Line:
        """The line at ``call`` modulo their number."""
        del request
        return self.lines[call % len(self.lines)]


@dataclass(frozen=True, slots=True)
class ByRequest:
    """The line of the first predicate that holds for the request; ``otherwise`` where none does."""

    cases: Sequence[tuple[Callable[[Request], bool], Line]]
    otherwise: Line = FailureKind.REFUSED

    def line(self, call: int, request: Request) -> Line:
        """The first case that holds."""
        del call
        return next((line for holds, line in self.cases if holds(request)), self.otherwise)


@dataclass(frozen=True, slots=True)
class FailingAt:
    """Another script that has different lines (failures, as a rule) at given calls, counted from 0."""

    script: Script
    lines: Mapping[int, Line]

    def line(self, call: int, request: Request) -> Line:
        """The line given for this call, or the other script's."""
        return self.lines[call] if call in self.lines else self.script.line(call, request)


class ScriptedAgent:
    """Does at each call what its script says.

    A reply that states a usage keeps it, so that a script can play an overrun; any other is priced as one call.
    """

    def __init__(self, profile: AgentProfile, script: Script, clock: Callable[[], float] = time.perf_counter) -> None:
        self.profile = profile
        self.requests: list[Request] = []
        """Every request, oldest first."""
        self._script = script
        self._clock = clock

    async def call(self, request: Request) -> Reply:
        """Play the next line; see ``Agent.call``."""
        started = self._clock()
        self.requests.append(request)
        line = self._script.line(len(self.requests) - 1, request)
        if isinstance(line, FailureKind):
            raise ERRORS[line](self.profile.id, f"the script says {line.value}")
        if isinstance(line, AgentError):
            raise line
        if isinstance(line, Silence):
            await line.keep(self.profile.id, request.timeout_s)
        reply = line if isinstance(line, Reply) else Reply(text=str(line))
        if reply.usage != NO_USAGE:
            return replace(reply, agent=self.profile.id)
        return booked(reply, self.profile, self._clock() - started)

    async def aclose(self) -> None:
        """There is nothing to give back."""
