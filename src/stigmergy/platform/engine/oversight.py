"""Before an agent is called: what the graph's monitors say of the hop, and what somebody decides where they ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from stigmergy.domain import TaskId
from stigmergy.platform.engine.calls import profile_at
from stigmergy.platform.engine.run import Approvals, Run
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.state import AskApproval, CallAgent
from stigmergy.platform.health import HealthBoard
from stigmergy.platform.monitors import Monitor, NextHop, Ruling, ruling
from stigmergy.platform.records import Decision, Question


class _Nobody:
    async def decision(self, _task_id: TaskId, question: Question) -> Decision:
        return Decision(place=question.place, approved=False, by="nobody", comment="there is nobody to ask")


NOBODY: Final[Approvals] = _Nobody()
"""Refuses: where nobody can be asked, nothing risky is done."""


class Oversight:
    """Asks the monitors of a run's graph, and people."""

    def __init__(self, monitors: Mapping[str, Sequence[Monitor]], health: HealthBoard, approvals: Approvals) -> None:
        self._monitors = monitors
        self._health = health
        self._approvals = approvals

    def objection(self, run: Run, command: CallAgent) -> ev.Vetoed | ev.ApprovalAsked | None:
        """What stands against calling the agent; of a call that is made again nothing is asked again."""
        monitors = self._monitors.get(run.graph.name, ())
        if not monitors or command.attempt > 1:
            return None
        line = run.lines(command.branch)[-1]
        agent = profile_at(line.graph, command.node)
        hop = NextHop(
            task=run.task,
            node=command.node,
            agent=agent,
            state=line.state,
            features=run.features,
            condition=self._health.overlay().of(agent.id),
        )
        verdict = ruling(monitors, hop)
        if verdict is None:
            return None
        objected = ev.Vetoed if verdict.ruling is Ruling.VETO else ev.ApprovalAsked
        return objected(
            node=command.node,
            agent=agent.id,
            monitor=verdict.monitor,
            priority=verdict.priority,
            reason=verdict.reason,
            branch=command.branch,
        )

    async def decided(self, run: Run, command: AskApproval) -> ev.ApprovalGiven | ev.DeadlinePassed:
        """What somebody decided about the hop, or that it came too late.

        Raises:
            RunSuspended: the decision is to be awaited elsewhere.
        """
        line = run.lines(command.branch)[-1]
        question = Question(
            place="/".join(filter(None, (command.branch, command.node))),
            agent=profile_at(line.graph, command.node).id,
            reason=command.reason,
        )
        try:
            async with asyncio.timeout(run.seconds_left()):
                decision = await (run.approvals or self._approvals).decision(run.task.id, question)
        except TimeoutError:
            return ev.DeadlinePassed(position=line.state.position, branch=command.branch)
        return ev.ApprovalGiven(
            node=command.node,
            approved=decision.approved,
            by=decision.by,
            comment=decision.comment,
            branch=command.branch,
        )
