"""The board of all agents' health: call results in, an Overlay out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stigmergy.domain import AgentId, FailureKind
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.platform.health.breaker import Breaker, BreakerConfig

_MOST_UNREPORTED = 10_000
_SMOOTHING = 0.2
"""Weight of the newest response time in the moving average."""


@dataclass(frozen=True, slots=True)
class CallSample:
    """One finished call as health sees it. ``failure`` None: it went well. ``latency_s`` in seconds."""

    agent: AgentId
    failure: FailureKind | None
    latency_s: float


class _Vitals:
    """What is known of one agent."""

    __slots__ = ("breaker", "load", "response_s")

    def __init__(self, config: BreakerConfig) -> None:
        self.breaker = Breaker(config)
        self.load = 0
        self.response_s: float | None = None

    def condition(self, now: float, *, elsewhere_down: bool) -> Condition:
        return Condition(
            available=self.breaker.allows(now) and not elsewhere_down,
            success_rate=self.breaker.success_rate(),
            response_s=self.response_s,
            load=self.load,
            recovery=self.breaker.recovery(),
        )


class HealthBoard:
    """Breakers and response times of every agent, seen by one process. Single-threaded.

    ``overlay()`` is cheap: conditions are refreshed for the agents that changed, and its version moves only when the
    set of unavailable agents does, so that costs-to-go stay cached.
    """

    def __init__(self, agents: Iterable[AgentId], config: BreakerConfig, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._vitals = {agent: _Vitals(config) for agent in agents}
        self._conditions: dict[AgentId, Condition] = {}
        self._touched: set[AgentId] = set(self._vitals)
        self._elsewhere: frozenset[AgentId] = frozenset()
        self._unsettled: set[AgentId] = set()
        self._overlay = Overlay(0, self._conditions)
        self._fresh: deque[CallSample] = deque(maxlen=_MOST_UNREPORTED)
        self._next_change = 0.0

    def started(self, agent: AgentId) -> None:
        """A call of the agent begins."""
        vitals = self._vitals[agent]
        vitals.load += 1
        vitals.breaker.started(self._clock())
        self._touched.add(agent)

    def finished(self, sample: CallSample) -> None:
        """A call that ``started`` announced has ended."""
        self._vitals[sample.agent].load -= 1
        self._fresh.append(sample)
        self.observe(sample)

    def abandoned(self, agent: AgentId) -> None:
        """A call was cancelled from our side: it says nothing about the agent."""
        self._vitals[agent].load -= 1
        self._touched.add(agent)

    def observe(self, sample: CallSample) -> None:
        """Take in a call that was made elsewhere; one of an agent that is not configured here is nothing to us."""
        vitals, now = self._vitals.get(sample.agent), self._clock()
        if vitals is None:
            return
        if sample.failure is None:
            vitals.breaker.succeeded(now)
            last = vitals.response_s
            vitals.response_s = sample.latency_s if last is None else last + _SMOOTHING * (sample.latency_s - last)
        else:
            vitals.breaker.failed(now, sample.failure)
        self._touched.add(sample.agent)

    def trip(self, agent: AgentId) -> None:
        """Open the agent's breaker at once."""
        self._vitals[agent].breaker.trip(self._clock())
        self._touched.add(agent)

    def collect(self) -> tuple[CallSample, ...]:
        """Hand over the calls that ended here since the last time, for others to learn of."""
        fresh = tuple(self._fresh)
        self._fresh.clear()
        return fresh

    def adopt(self, down_elsewhere: frozenset[AgentId]) -> None:
        """Take over which agents the other processes found to be down."""
        self._touched |= (self._elsewhere ^ down_elsewhere) & self._vitals.keys()
        self._elsewhere = down_elsewhere

    def overlay(self) -> Overlay:
        """The conditions as of now."""
        now = self._clock()
        if now >= self._next_change:
            self._touched |= self._unsettled
        if self._touched:
            self._refresh(now)
        return self._overlay

    def _refresh(self, now: float) -> None:
        moved = False
        for agent in self._touched:
            vitals = self._vitals[agent]
            condition = vitals.condition(now, elsewhere_down=agent in self._elsewhere)
            moved |= condition.available == (agent in self._overlay.down)
            self._conditions[agent] = condition
            settled = vitals.breaker.changes_at() is None
            (self._unsettled.discard if settled else self._unsettled.add)(agent)
        self._touched.clear()
        changes = (self._vitals[agent].breaker.changes_at() for agent in self._unsettled)
        self._next_change = min((at for at in changes if at is not None), default=float("inf"))
        if moved:
            self._overlay = Overlay(self._overlay.version + 1, self._conditions)
