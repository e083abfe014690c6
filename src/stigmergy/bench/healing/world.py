"""The tools as they behave in one run: who is dead, what was done, how often, and how long a recovery took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stigmergy.agents.base import Agent, Reply, Request
from stigmergy.agents.drill import WrapperAgent
from stigmergy.bench.healing.topology import Tool
from stigmergy.domain import AgentId
from stigmergy.errors import AgentTimedOut, AgentUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """``dead`` tools refuse every connection; ``mute`` ones do the work, and their reply is lost.

    ``lost_replies`` is how many replies of each mute tool are lost; None: all. ``known`` are those of the dead of
    which a system is told before it starts.
    """

    dead: frozenset[AgentId] = frozenset()
    mute: frozenset[AgentId] = frozenset()
    lost_replies: int | None = None
    known: frozenset[AgentId] = frozenset()


class World:
    """Plays the tools of a topology for one run of one system, and keeps the log by which that system is judged."""

    def __init__(
        self, tools: Mapping[AgentId, Tool], faults: Faults, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.tools = tools
        self.calls: list[AgentId] = []
        """Every call, whether it went well or not."""
        self.done: set[AgentId] = set()
        """The tools that did their work and said so."""
        self.recoveries_s: list[float] = []
        """From each failed call to what the system did next."""
        self._faults = faults
        self._clock = clock
        self._performed: list[tuple[str, AgentId, str]] = []
        self._failed_at: float | None = None

    def use(self, name: AgentId, key: str) -> str:
        """One call under an idempotency key.

        Raises:
            AgentUnavailable: the tool is dead; nothing was done.
            AgentTimedOut: the work was done, and the reply was lost.
        """
        self._went_on()
        self.calls.append(name)
        if name in self._faults.dead:
            self._failed_at = self._clock()
            raise AgentUnavailable(name, "connection refused")
        self._perform(self.tools[name], key)
        if self._loses_the_reply(name):
            self._failed_at = self._clock()
            raise AgentTimedOut(name, "no answer in time")
        self.done.add(name)
        return self.tools[name].reply

    def ended(self) -> None:
        """The system has told its caller how it went."""
        self._went_on()

    @property
    def side_effects(self) -> int:
        """How many side effects there were, repeated ones included."""
        return len(self._performed)

    @property
    def duplicates(self) -> int:
        """How many side effects there were beyond the first of each name."""
        counts = Counter(effect for effect, _, _ in self._performed)
        return sum(count - 1 for count in counts.values())

    def _loses_the_reply(self, name: AgentId) -> bool:
        most = self._faults.lost_replies
        return name in self._faults.mute and (most is None or self.calls.count(name) <= most)

    def _perform(self, tool: Tool, key: str) -> None:
        entry = (tool.effect or "", tool.name, key)
        if tool.effect is not None and not (tool.idempotent and entry in self._performed):
            self._performed.append(entry)

    def _went_on(self) -> None:
        if self._failed_at is not None:
            self.recoveries_s.append(self._clock() - self._failed_at)
            self._failed_at = None


class RehearsedAgent(WrapperAgent):
    """An agent of the configuration whose calls the world allows, or not, and writes down."""

    def __init__(self, wrapped: Agent, world: World) -> None:
        super().__init__(wrapped)
        self._world = world

    async def call(self, request: Request) -> Reply:
        """Call the wrapped agent once the world has played its part; see ``World.use``."""
        self._world.use(self.profile.id, request.step_key)
        return await super().call(request)
