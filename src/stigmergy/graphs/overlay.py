"""Health and load of agents, laid over a graph that itself never changes."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from stigmergy.domain import AgentId


@dataclass(frozen=True, slots=True)
class Condition:
    """How one agent is doing.

    ``success_rate`` in (0, 1]; ``response_s`` is the smoothed latency in seconds (None: not seen yet); ``load`` is the
    number of calls in flight; ``recovery`` in (0, 1] grows back to 1 after an outage; ``rate_used`` is the used share
    of the rate limit, in [0, 1).
    """

    available: bool = True
    success_rate: float = 1.0
    response_s: float | None = None
    load: int = 0
    recovery: float = 1.0
    rate_used: float = 0.0


HEALTHY: Final = Condition()


@dataclass(frozen=True, slots=True)
class Overlay:
    """Conditions of agents at one health version; an agent that is not named is healthy and idle.

    ``version`` changes whenever ``down`` changes, so it keys caches of feasibility. ``conditions`` may be a live view:
    loads and response times in it move on, availability does not.
    """

    version: int = 0
    conditions: Mapping[AgentId, Condition] = field(default_factory=dict)
    down: frozenset[AgentId] = field(init=False)
    """The agents that must not be called now."""

    def __post_init__(self) -> None:
        down = frozenset(agent for agent, condition in self.conditions.items() if not condition.available)
        object.__setattr__(self, "down", down)

    def of(self, agent: AgentId) -> Condition:
        """The agent's condition."""
        return self.conditions.get(agent, HEALTHY)

    def without(self, agents: AbstractSet[AgentId]) -> Overlay:
        """The same with these agents closed as well."""
        closed = {agent: replace(self.of(agent), available=False) for agent in agents}
        return Overlay(self.version, {**self.conditions, **closed}) if closed else self

    def unavailable(self) -> frozenset[AgentId]:
        """The agents that must not be called now."""
        return self.down


ALL_HEALTHY: Final = Overlay()
