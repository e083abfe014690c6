"""One episode while it runs, and what is left of it when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stigmergy.agents.base import Listener
from stigmergy.domain import Episode, EpisodeId, NodeId, Task, TaskId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.budgets.accounts import TaskAccount
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine.hops import RouterInService
from stigmergy.platform.engine.lines import Line, is_alive, lines_to
from stigmergy.platform.episode.advance import advance
from stigmergy.platform.episode.events import Accepted, Event
from stigmergy.platform.episode.state import Command, EpisodeState
from stigmergy.platform.records import Decision, Question
from stigmergy.routers.base import QueryFeatures


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and when it happened (UTC)."""

    event: Event
    at: datetime


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished episode: its summary, all its events, and what its query looked like to routers.

    ``trade_off`` is what the router weighed money with.
    """

    task: Task
    episode: Episode
    events: tuple[Recorded, ...]
    features: QueryFeatures
    trade_off: float | None = None


class Recorder(Protocol):
    """Where the events of one run go before anything is done that cannot be undone."""

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        """Record the next events; once this returns, they outlive the process. Recording them again changes nothing.

        Raises:
            TaskTakenOver: another process runs the task; the run has to end without a trace.
        """
        ...


class Unrecorded:
    """For runs that nobody resumes."""

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        """Nothing to do: the finished run has all its events."""


class Approvals(Protocol):
    """Whoever decides about risky hops."""

    async def decision(self, task_id: TaskId, question: Question, /) -> Decision:
        """What somebody decided; waits for it, however long it takes.

        Raises:
            RunSuspended: this process ends, or another one holds the task now.
        """
        ...


class RunSuspended(Exception):
    """The run waits for an approval and is let go here; it is to go on elsewhere."""


class RunCancelled(asyncio.CancelledError):
    """The cancellation of a run; ``ran`` is what there is of it."""

    def __init__(self, ran: Ran) -> None:
        super().__init__(ran.episode.reason)
        self.ran = ran


class Run:
    """The mutable side of a running episode: everything else about it is frozen."""

    def __init__(
        self,
        episode_id: EpisodeId,
        task: Task,
        graph: AgentGraph,
        router: RouterInService,
        features: QueryFeatures,
        clock: Clock,
        recorder: Recorder,
        account: TaskAccount,
    ) -> None:
        self.episode_id = episode_id
        self.task = task
        self.graph = graph
        self.router = router
        self.features = features
        self.trade_off = router.trade_off if task.trade_off is None else task.trade_off
        self.state = EpisodeState()
        self.account = account
        self.started_at = clock.now()
        self.recorded: list[Recorded] = []
        self.listener: Listener | None = None
        """Who hears the answer while it is written."""
        self.approvals: Approvals | None = None
        """Who decides about its risky hops, where that is not whoever decides for all runs."""
        self.left_open: dict[str, Command] = {}
        """What a run that was resumed has still to do in its branches, by branch."""
        self._clock = clock
        self._recorder = recorder
        self._kept = 0
        self._keeping = asyncio.Lock()

    def apply(self, event: Event) -> tuple[Command, ...]:
        """Advance by an event; returns what has to be done next."""
        self.state, commands = advance(self.state, event)
        self.recorded.append(Recorded(event, self._clock.now()))
        return commands

    def restore(self, past: Sequence[Recorded], state: EpisodeState) -> None:
        """Stand where the ``past``, which is recorded already, has led."""
        self.state, self.started_at = state, past[0].at
        self.recorded[:] = past
        self._kept = len(past)

    async def keep(self) -> None:
        """Have everything that happened so far recorded for good; branches that wait here are recorded together.

        Raises:
            TaskTakenOver: another process runs the task.
        """
        async with self._keeping:
            fresh = self.recorded[self._kept :]
            if fresh:
                await self._record(fresh)

    async def _record(self, fresh: Sequence[Recorded]) -> None:
        try:
            await self._recorder.keep(fresh)
        except asyncio.CancelledError:
            # It may be on its way to the store, and a number is used once only: what follows has to know.
            await self._recorder.keep(fresh)
            self._kept += len(fresh)
            raise
        self._kept += len(fresh)

    def lines(self, branch: str) -> tuple[Line, ...]:
        """The lines from the main one down to that of ``branch``, which comes last."""
        return lines_to(self.graph, self.state, branch)

    def runs(self, branch: str) -> bool:
        """Whether the branch has work to do; one whose fan-out has been joined or given up has none."""
        return is_alive(self.state, branch)

    def step_key(self, node: NodeId, branch: str = "") -> str:
        """The idempotency key of the step that is called at ``node``: episode / branch path / node / visit."""
        if not branch:
            return f"{self.episode_id}/{node}/{self.state.visits}"
        return f"{self.episode_id}/{branch}/{node}/{self.lines(branch)[-1].state.visits}"

    @property
    def heard(self) -> bool:
        """Whether part of an answer has been heard: no other answer can take its place."""
        return self.listener is not None and self.listener.heard

    def seconds_left(self) -> float | None:
        """Seconds until the task's deadline; None when it has none."""
        deadline = self.task.budget.deadline
        return None if deadline is None else (deadline - self._clock.now()).total_seconds()

    def ended(self) -> Ran:
        """The finished run; to be called once the state has ended."""
        state = self.state
        episode = Episode(
            id=self.episode_id,
            task_id=self.task.id,
            graph=self.graph.name,
            router=self.router.name,
            task_type=max(self.features.mixture, key=lambda t: self.features.mixture[t]),
            status=state.status,
            reason=state.reason,
            route=state.route,
            answer=state.answer,
            usage=state.usage,
            charged_usd=state.charged.usd,
            reroutes=state.reroutes,
            failures=state.failures,
            dropped=state.dropped,
            control_llm_calls=state.control_llm_calls,
            quality=state.quality,
            started_at=self.started_at,
            finished_at=self._clock.now(),
            tenant=self.task.tenant,
            policy=_policy_of(self.recorded),
        )
        return Ran(self.task, episode, tuple(self.recorded), self.features, self.trade_off)


def _policy_of(recorded: Sequence[Recorded]) -> str:
    """The policy that the episode was accepted under."""
    return next((each.event.versions.policy for each in recorded if isinstance(each.event, Accepted)), "")
