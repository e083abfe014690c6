"""Fan-outs: branches side by side, each as a task of its own; events are applied one at a time all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

from stigmergy.agents.joins import Ballot, join, why_enough
from stigmergy.domain import NO_USAGE, START, NodeId, Spend, Status, Usage
from stigmergy.errors import InvalidFanOut
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import pareto_least, sums
from stigmergy.graphs.nodes import FanOutNode
from stigmergy.platform.engine.lines import Line, path_of
from stigmergy.platform.engine.run import Run
from stigmergy.platform.engine.surroundings import Ahead, every_branch, view_of
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.branches import delivered
from stigmergy.platform.episode.state import AwaitBranches, CallAgent, CancelBranch, Command, EpisodeState, Join
from stigmergy.platform.healing import failed_agents
from stigmergy.platform.health import HealthBoard
from stigmergy.routers.feasibility import Closed, Mask

Perform: TypeAlias = Callable[[Run, Command], Awaitable[tuple[Command, ...]]]
Commands: TypeAlias = tuple[Command, ...]


class FanOuts:
    """Starts branches, runs them side by side, stops those that are not needed, and joins what they gave."""

    def __init__(self, mask: Mask, health: HealthBoard, perform: Perform) -> None:
        self._mask = mask
        self._health = health
        self._perform = perform

    async def perform(self, run: Run, command: CallAgent) -> Commands:
        """Run the fan-out at the command's node until its line goes on; returns what that line has to do next.

        When the caller goes away, every branch is stopped before the cancellation goes on.
        """
        return await self._side_by_side(run, command, run.apply(self._start(run, command)))

    async def go_on(self, run: Run, command: AwaitBranches) -> Commands:
        """As ``perform``, for a fan-out whose branches another process started: each goes on where it stood."""
        state = run.lines(command.branch)[-1].state
        paths = [path_of(command.branch, command.node, name) for name, each in state.branches.items() if each.alive]
        return await self._side_by_side(run, command, [run.left_open.pop(path) for path in paths])

    async def _side_by_side(self, run: Run, command: CallAgent | AwaitBranches, opening: Sequence[Command]) -> Commands:
        tasks = {each.branch: asyncio.create_task(self._follow(run, each)) for each in opening}
        try:
            return await self._until_all_ended(run, command, tasks)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.wait(tasks.values())

    def join(self, run: Run, command: Join) -> Commands:
        """Make one reply of the branches that delivered."""
        line = run.lines(command.branch)[-1]
        rule = _fan_out(line.graph, command.node).join
        ballots = _ballots(run, line.state, command.node, command.branch)
        reply = replace(join(rule, ballots), node=command.node, agent="", usage=_used(line.state))
        names = tuple(ballot.branch for ballot in ballots)
        return run.apply(ev.Joined(node=command.node, rule=rule, joined=names, reply=reply, branch=command.branch))

    async def _follow(self, run: Run, command: Command) -> Commands:
        """Drive one branch to its end; returns what is to be done outside it then."""
        branch = command.branch
        while True:
            commands = await self._perform(run, command)
            # What is deeper is an agent of a panel in this branch: one is asked at a time.
            if not commands or not f"{commands[0].branch}/".startswith(f"{branch}/"):
                return commands
            (command,) = commands

    async def _until_all_ended(
        self, run: Run, command: CallAgent | AwaitBranches, tasks: Mapping[str, asyncio.Task[Commands]]
    ) -> Commands:
        waiting = set(tasks.values())
        while True:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in [each for each in tasks.values() if each in waiting and each.done()]:
                waiting.discard(task)
                stops = task.result() or self._early_stop(run, command)
                for each in stops:
                    if not isinstance(each, CancelBranch):
                        return (each,)
                    if onward := await _stop(run, each, tasks[each.branch], waiting):
                        return onward

    def _early_stop(self, run: Run, command: CallAgent | AwaitBranches) -> Commands:
        """What stops the rest when the join needs no more."""
        line = run.lines(command.branch)[-1]
        running = [name for name, branch in line.state.branches.items() if branch.alive]
        ballots = _ballots(run, line.state, command.node, command.branch)
        fan_out = _fan_out(line.graph, command.node)
        why = why_enough(fan_out.join, fan_out.stop_at, ballots, len(running)) if ballots else None
        if why is None:
            return ()
        return tuple(CancelBranch(why, path_of(command.branch, command.node, name)) for name in running)

    def _start(self, run: Run, command: CallAgent) -> ev.BranchesStarted:
        """Every required branch, and each optional one that fits beside what is set aside already."""
        line = run.lines(command.branch)[-1]
        view = view_of(run, command.branch, self._mask, self._health.overlay())
        closed = Ahead(self._mask, view.overlay, view.locked)
        arms, required = line.graph.branches[command.node], line.graph.required(command.node)
        aside = sums(closed.of(line.graph, line.state, every_branch), view.around.earmarks)
        held = run.state.charged + run.state.reserved
        started, left_out = [], []
        for name, arm in arms.items():
            if name in required:
                started.append(name)
                continue
            together = sums(aside, self._needed(arm, line, closed))
            fitting = pareto_least(each for each in together if run.task.budget.allows(held + each))
            if fitting:
                aside = fitting
                started.append(name)
            else:
                left_out.append((name, "too little is left for it" if together else "every way through it is closed"))
        return ev.BranchesStarted(
            node=command.node,
            started=tuple(started),
            required=tuple(required),
            left_out=tuple(left_out),
            branch=command.branch,
        )

    def _needed(self, arm: AgentGraph, line: Line, ahead: Ahead) -> tuple[Spend, ...]:
        """The Pareto-least worst cases of a branch that has not begun; none: every way through it is closed."""
        overlay = ahead.overlay.without(failed_agents(line.graph, line.state))
        return self._mask.ahead(arm, START, Closed(overlay=overlay, locked_effects=ahead.locked))


async def _stop(
    run: Run, stop: CancelBranch, task: asyncio.Task[Commands], waiting: set[asyncio.Task[Commands]]
) -> Commands:
    """Cancel a branch that still runs; its open call is charged. Returns what its line has to do once all ended."""
    if not run.runs(stop.branch):
        return ()
    task.cancel()
    await asyncio.wait((task,))
    waiting.discard(task)
    if not task.cancelled():
        # It ended while it was being told to: what it asks for stands, but its sisters are being stopped already.
        return tuple(each for each in task.result() if not isinstance(each, CancelBranch))
    run.apply(ev.Cancelled(reason=stop.reason, branch=stop.branch))
    return run.apply(ev.Finished(status=Status.CANCELLED, reason=stop.reason, branch=stop.branch))


def _ballots(run: Run, state: EpisodeState, node: NodeId, branch: str) -> tuple[Ballot, ...]:
    return tuple(
        Ballot(
            name, state.branches[name].replies[-1], _propensity(run, state.branches[name], path_of(branch, node, name))
        )
        for name in delivered(state)
        if state.branches[name].replies
    )


def _propensity(run: Run, state: EpisodeState, branch: str) -> float:
    """The probability with which the hops of a branch's route were chosen, repairs counting as certain."""
    events = (recorded.event for recorded in run.recorded)
    hops = {hop.node: hop.probability for hop in events if isinstance(hop, ev.HopChosen) and hop.branch == branch}
    return prod(hops[node] for node in state.route)


def _used(state: EpisodeState) -> Usage:
    arms = state.branches.values()
    longest = max(arm.usage.latency_s for arm in arms)
    return replace(sum((arm.usage for arm in arms), NO_USAGE), latency_s=longest)


def _fan_out(graph: AgentGraph, node: NodeId) -> FanOutNode:
    found = graph.node(node)
    if not isinstance(found, FanOutNode):
        raise InvalidFanOut(node, "it is an agent's node")
    return found
