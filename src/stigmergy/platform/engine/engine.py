"""The engine: one coroutine per episode. It performs commands, applies events, and knows no rule of its own."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stigmergy.agents.base import Listener
from stigmergy.agents.evaluators.canonical import CanonicalForm
from stigmergy.domain import EpisodeId, Status, Task
from stigmergy.errors import BudgetTooSmall, NoTradeOff, UnknownGraph, UnknownRouter
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import FanOutNode
from stigmergy.platform.agent_gateway import AgentGateway
from stigmergy.platform.budgets.accounts import Accounts, OwnAccounts
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine.calls import Caller
from stigmergy.platform.engine.fan_outs import FanOuts
from stigmergy.platform.engine.hops import HopChooser, HopView, RouterInService, repaired_hop
from stigmergy.platform.engine.oversight import NOBODY, Oversight
from stigmergy.platform.engine.panels import Panels
from stigmergy.platform.engine.plan import Plan, plan_route
from stigmergy.platform.engine.policies import NO_POLICIES, Decided, Policies
from stigmergy.platform.engine.resume import resume
from stigmergy.platform.engine.run import Approvals, Ran, Recorded, Recorder, Run, RunCancelled, Unrecorded
from stigmergy.platform.engine.surroundings import view_of
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.names import new_episode_id
from stigmergy.platform.episode.state import (
    AskApproval,
    AwaitBranches,
    CallAgent,
    ChooseHop,
    Command,
    Deliberate,
    Escalate,
    Finish,
    Join,
    Repair,
)
from stigmergy.platform.healing import Healing, escalation
from stigmergy.platform.health import HealthBoard
from stigmergy.platform.monitors import Monitor
from stigmergy.routers.evidence.router import PanelRule
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.guard.guard import QueryGuard
from stigmergy.routers.query_features import FeatureReader
from stigmergy.routers.retrieval.shortlist import Shortlist

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """``max_attempts`` calls per step, the first included; work may be given back ``max_hand_backs`` times per line."""

    max_attempts: int = 2
    max_hand_backs: int = 2


class Engine:
    """Runs tasks through agent graphs. Holds no task state between calls; safe for many concurrent episodes."""

    def __init__(
        self,
        *,
        graphs: Mapping[str, AgentGraph],
        routers: Mapping[str, RouterInService],
        gateway: AgentGateway,
        health: HealthBoard,
        healing: Healing,
        features: FeatureReader,
        clock: Clock,
        rng: random.Random,
        mask: Mask | None = None,
        accounts: Accounts | None = None,
        limits: EngineLimits = EngineLimits(),
        config_version: str = "",
        monitors: Mapping[str, Sequence[Monitor]] = {},
        guards: Mapping[str, QueryGuard] = {},
        shortlists: Mapping[str, Shortlist] = {},
        approvals: Approvals = NOBODY,
        panel_rules: Mapping[str, PanelRule] = {},
        canonical_forms: Mapping[str, CanonicalForm] = {},
        offers: Mapping[str, tuple[str, ...]] = {},
        policies: Policies = NO_POLICIES,
        earlier: Mapping[str, AgentGraph] = {},
    ) -> None:
        """``offers``: routers that a task of a graph may name (else all); ``earlier``: graphs by version, to end on."""
        self._graphs, self._earlier = graphs, earlier
        self._routers, self._offers, self._policies = routers, offers, policies
        self._health, self._healing = health, healing
        self._features, self._clock = features, clock
        self._mask, self._accounts = mask or Mask(), accounts or OwnAccounts()
        self._hops = HopChooser(self._mask, rng, shortlists)
        self._fan_outs = FanOuts(self._mask, health, self._perform)
        self._panels = Panels(self._mask, health, panel_rules, rng)
        self._caller = Caller(gateway, health, self._mask, clock, canonical_forms)
        self._oversight = Oversight(monitors, health, approvals)
        self._guards, self._limits, self._config_version = guards, limits, config_version

    def check(self, task: Task) -> None:
        """Refuse a task that cannot be run, before anything is stored or spent.

        Raises:
            UnknownGraph, UnknownRouter: the task names what is not there, or not offered for its graph.
            NoTradeOff: its router takes none.
            BudgetTooSmall: no path of the graph fits the budget, even with every agent healthy.
        """
        if task.graph not in self._graphs:
            raise UnknownGraph(task.graph, tuple(self._graphs))
        self._check_router(task)
        refusal: BudgetTooSmall | None = self._mask.budget_refusal(self._graphs[task.graph], task.budget)
        if refusal is not None:
            raise refusal

    def _check_router(self, task: Task) -> None:
        offered = self._offers.get(task.graph, tuple(self._routers))
        if task.router not in offered:
            raise UnknownRouter(task.router, offered)
        if task.trade_off is not None and self._routers[task.router].trade_off is None:
            trading = (name for name in offered if self._routers[name].trade_off is not None)
            raise NoTradeOff(task.router, tuple(trading))

    def plan(self, task: Task) -> Plan:
        """The best-scored route for the task as things stand, if every call went well. Calls no agent.

        Raises:
            UnknownGraph, UnknownRouter, NoTradeOff, BudgetTooSmall: as ``check``.
        """
        self.check(task)
        run = self._new_run(task, new_episode_id(), Unrecorded())
        return plan_route(self._hops, self._view(run), run.router)

    async def run(
        self,
        task: Task,
        episode_id: EpisodeId,
        recorder: Recorder | None = None,
        past: Sequence[Recorded] = (),
        *,
        listener: Listener | None = None,
        approvals: Approvals | None = None,
    ) -> Ran:
        """Run one task to its end, or to that end from where its ``past``, the events of another process, has led.

        Before each call of an agent everything that has happened is given to the ``recorder``. The ``listener`` hears
        the answer as it is written, where it is certain to be it; a failure after that is not repaired. ``approvals``
        decide in place of the engine's. Returns the finished run; failures of agents never raise.

        Raises:
            UnknownGraph, UnknownRouter, NoTradeOff, BudgetTooSmall: as ``check``.
            NotResumable: the ``past`` is of a version of the graph that is served no more.
            TaskTakenOver: the recorder takes nothing more, because another process runs the task.
            RunSuspended: it waits for an approval and is to go on elsewhere.
            RunCancelled: the asyncio task was cancelled; the cancelled run comes with it. Its reason is the message
                that the cancellation came with.
        """
        (self._check_router if self._begun_on(past) else self.check)(task)
        run = self._new_run(task, episode_id, recorder or Unrecorded(), past)
        run.listener, run.approvals = listener, approvals
        commands = self._resume(run, past) if past else self._begun(run)
        try:
            while commands:
                (command,) = commands
                commands = await self._perform(run, command)
        except asyncio.CancelledError as cancelled:
            reason = str(cancelled) or "the run was cancelled"
            run.apply(ev.Cancelled(reason=reason))
            run.apply(ev.Finished(status=Status.CANCELLED, reason=reason))
            raise RunCancelled(run.ended()) from None
        finally:
            run.account.close()
        return run.ended()

    def _begun_on(self, past: Sequence[Recorded]) -> AgentGraph | None:
        """The earlier version of its graph that a run began on; None where it began on what is served, or not yet."""
        accepted = past[0].event if past else None
        return self._earlier.get(accepted.versions.graph) if isinstance(accepted, ev.Accepted) else None

    def _resume(self, run: Run, past: Sequence[Recorded]) -> tuple[Command, ...]:
        """Go on from the past; what it charged is booked where it was charged, and only lowers what the task has."""
        commands = resume(run, past)
        budget = run.task.budget
        left = budget.within(budget.left(run.state.charged + run.state.reserved))
        run.account = self._accounts.open(replace(run.task, budget=left), run.episode_id)
        return commands

    def _new_run(self, task: Task, episode_id: EpisodeId, recorder: Recorder, past: Sequence[Recorded] = ()) -> Run:
        return Run(
            episode_id=episode_id,
            task=task,
            graph=self._begun_on(past) or self._graphs[task.graph],
            router=self._policies.deciding(self._routers[task.router], task, _began_with(past)),
            features=self._features.read(task.text, task.task_type),
            clock=self._clock,
            recorder=recorder,
            account=self._accounts.open(task, episode_id),
        )

    def _begun(self, run: Run) -> tuple[Command, ...]:
        """The task is accepted; the graph's guard, if it has one, may refuse it before any agent is called."""
        commands = run.apply(self._accepted(run))
        guard = self._guards.get(run.graph.name)
        verdict = guard.verdict(run.task.text) if guard is not None else None
        if verdict is None or not verdict.rejected:
            return commands
        return run.apply(ev.Rejected(reason=verdict.reason, probability=verdict.probability))

    def _accepted(self, run: Run) -> ev.Accepted:
        return ev.Accepted(
            task_id=run.task.id,
            graph=run.graph.name,
            router=run.router.name,
            versions=ev.Versions(
                graph=run.graph.version,
                policy=run.router.policy_version(),
                config=self._config_version,
                features=run.features.version,
            ),
            mixture=run.features.mixture,
            complexity=run.features.complexity,
            max_attempts=self._limits.max_attempts,
            max_hand_backs=self._limits.max_hand_backs,
            trade_off=run.trade_off,
        )

    async def _perform(self, run: Run, command: Command) -> tuple[Command, ...]:
        match command:
            case CallAgent() if not self._too_late(run):
                return await self._call(run, command)
            case Deliberate():
                return self._panels.deliberate(run, command)
            case AwaitBranches():
                return await self._go_on(run, command)
            case AskApproval() if not self._too_late(run):
                # Whoever has to wait for the decision in place of this process has to know of the question.
                await run.keep()
                return run.apply(await self._oversight.decided(run, command))
            case Join():
                return self._fan_outs.join(run, command)
            case _:
                return run.apply(self._decided(run, command))

    async def _call(self, run: Run, command: CallAgent) -> tuple[Command, ...]:
        graph = run.lines(command.branch)[-1].graph
        if command.node in graph.panels:
            return self._panels.deliberate(run, command)
        if command.node in graph.branches:
            return await self._fan_outs.perform(run, command)
        objection = self._oversight.objection(run, command)
        if objection is not None:
            return run.apply(objection)
        return await self._caller.perform(run, command)

    async def _go_on(self, run: Run, command: AwaitBranches) -> tuple[Command, ...]:
        if command.node in run.lines(command.branch)[-1].graph.panels:
            return self._panels.go_on(run, command)
        return await self._fan_outs.go_on(run, command)

    def _decided(self, run: Run, command: Command) -> ev.Event:
        """The event of a command that nobody has to be waited for."""
        match command:
            case Finish():
                return _ending(run, command)
            case ChooseHop() if not self._too_late(run):
                return self._hop(run, command)
            case Repair() | Escalate() if not self._too_late(run):
                return self._repair(run, command)
            case _:
                position = run.lines(command.branch)[-1].state.position
                return ev.DeadlinePassed(position=position, branch=command.branch)

    def _hop(self, run: Run, command: ChooseHop) -> ev.Event:
        view = self._view(run, command.branch)
        hop = self._hops.choose(view, run.router) if command.forced is None else repaired_hop(view, command.forced)
        if isinstance(hop, ev.HopChosen) and hop.decided_by is ev.DecidedBy.ROUTER:
            decided = Decided(
                run.episode_id, len(run.recorded), run.task.router, view, hop, trade_off=run.task.trade_off
            )
            self._policies.decided(decided)
        return replace(hop, branch=command.branch) if command.branch else hop

    def _repair(self, run: Run, command: Repair | Escalate) -> ev.Event:
        view = self._view(run, command.branch)
        healed: ev.Event
        if run.heard:
            # Part of the answer is with the caller: another one would not go on where it broke off.
            return ev.Escalated(reason=f"the answer broke off: {command.reason}", to=None, branch=command.branch)
        if isinstance(command, Escalate):
            healed = escalation(view.graph, view.state, view.overlay, view.budget, command.reason)
        else:
            healed = self._healing.heal(view.graph, view.state, view.overlay, view.budget, command.reason, view.around)
        return replace(healed, branch=command.branch) if command.branch else healed

    def _view(self, run: Run, branch: str = "") -> HopView:
        return view_of(run, branch, self._mask, self._health.overlay())

    def _too_late(self, run: Run) -> bool:
        left = run.seconds_left()
        return left is not None and left <= 0


def _began_with(past: Sequence[Recorded]) -> str:
    """The policy that an episode was accepted under; empty for one that begins."""
    return next((each.event.versions.policy for each in past if isinstance(each.event, ev.Accepted)), "")


def _ending(run: Run, command: Finish) -> ev.Event:
    """The end of a line; a branch that did not reach its goal is lost, and its fan-out has to do without it."""
    if not command.branch or command.status is not Status.ESCALATED:
        return ev.Finished(status=command.status, reason=command.reason, branch=command.branch)
    *_, outer, _branch = run.lines(command.branch)
    fan_out = outer.graph.node(str(outer.state.target))
    loss = fan_out.branches[outer.inside].loss if isinstance(fan_out, FanOutNode) else 0.0
    required = outer.inside in outer.state.required
    return ev.BranchLost(reason=command.reason, required=required, loss=loss, branch=command.branch)
