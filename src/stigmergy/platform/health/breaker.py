"""A circuit breaker: CLOSED -> OPEN -> HALF_OPEN -> CLOSED, driven by call results and a monotonic clock.

It opens past a failure rate over a minimum number of samples, or at once on a hard signal. After ``open_s`` (doubling
with every reopening up to ``max_open_s``) one probe is let through; a good probe closes it, and the agent's weight
recovers step by step. (Nygard, "Release It!", 2nd ed., ch. 5; half-open with a single probe and gradual recovery.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from stigmergy.domain import FailureKind


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerConfig:
    """When a breaker opens and how it comes back. Times in seconds, rates in [0, 1]."""

    window: int = 20
    min_samples: int = 5
    failure_rate: float = 0.5
    open_s: float = 2.0
    max_open_s: float = 60.0
    recovery_steps: int = 5


class Breaker:
    """The breaker of one agent. ``now`` is a monotonic time in seconds, never decreasing."""

    def __init__(self, config: BreakerConfig) -> None:
        self._config = config
        self._results: deque[FailureKind | None] = deque(maxlen=config.window)
        self._state = BreakerState.CLOSED
        self._reopen_at = 0.0
        self._open_s = config.open_s
        self._probe_until: float | None = None
        self._recovered = config.recovery_steps

    def state(self, now: float) -> BreakerState:
        """The state at this time (an open breaker becomes half-open by itself)."""
        if self._state is BreakerState.OPEN and now >= self._reopen_at:
            self._state = BreakerState.HALF_OPEN
            self._probe_until = None
        return self._state

    def allows(self, now: float) -> bool:
        """Whether a call may start now: always when closed, one probe when half-open."""
        state = self.state(now)
        if state is BreakerState.HALF_OPEN:
            return self._probe_until is None or now >= self._probe_until
        return state is BreakerState.CLOSED

    def started(self, now: float) -> None:
        """A call begins. In HALF_OPEN it is the probe; a probe that never reports back lapses after ``open_s``."""
        if self.state(now) is BreakerState.HALF_OPEN:
            self._probe_until = now + self._open_s

    def succeeded(self, now: float) -> None:
        """A call went well. A late success from before the outage does not close an open breaker."""
        state = self.state(now)
        if state is BreakerState.OPEN:
            return
        if state is BreakerState.HALF_OPEN:
            self._state = BreakerState.CLOSED
            self._results.clear()
            self._recovered = 0
            self._open_s = self._config.open_s
        self._results.append(None)
        self._recovered = min(self._recovered + 1, self._config.recovery_steps)

    def failed(self, now: float, kind: FailureKind) -> None:
        """A call failed. Overload is not illness: it lowers the success rate but never opens the breaker.

        A probe that meets overload has shown nothing: the breaker stays half-open until the next one.
        """
        state = self.state(now)
        if state is BreakerState.OPEN:
            return
        self._results.append(kind)
        if kind is FailureKind.OVERLOADED:
            return
        if kind.hard or state is BreakerState.HALF_OPEN or self._too_many():
            self._open(now, again=state is BreakerState.HALF_OPEN)

    def trip(self, now: float) -> None:
        """Open at once for a reason outside of calls (usage above the caps, an operator)."""
        if self.state(now) is not BreakerState.OPEN:
            self._open(now, again=False)

    def success_rate(self) -> float:
        """Share of good calls in the window with one good call added, in (0, 1]."""
        return (self._results.count(None) + 1) / (len(self._results) + 1)

    def recovery(self) -> float:
        """How far the agent is back after an outage, in (0, 1]."""
        steps = self._config.recovery_steps
        return (1 + self._recovered) / (1 + steps)

    def changes_at(self) -> float | None:
        """When the state changes without any call, or None."""
        if self._state is BreakerState.OPEN:
            return self._reopen_at
        return self._probe_until if self._state is BreakerState.HALF_OPEN else None

    def _too_many(self) -> bool:
        samples = len(self._results)
        failures = samples - self._results.count(None) - self._results.count(FailureKind.OVERLOADED)
        return samples >= self._config.min_samples and failures / samples >= self._config.failure_rate

    def _open(self, now: float, *, again: bool) -> None:
        self._open_s = min(self._open_s * 2, self._config.max_open_s) if again else self._config.open_s
        self._state = BreakerState.OPEN
        self._reopen_at = now + self._open_s
        self._probe_until = None
        self._results.clear()
