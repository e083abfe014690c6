"""One call of one agent: reserve, announce, call, settle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from stigmergy.agents.base import Listener, Reply, Request
from stigmergy.agents.evaluators.canonical import CanonicalForm
from stigmergy.domain import ESCALATION, GOAL, NOTHING, AgentProfile, FailureKind, NodeId, Spend
from stigmergy.errors import (
    AgentError,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    BudgetRefused,
    InputTooLong,
    InvalidReply,
    StoreUnavailable,
)
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.agent_gateway import AgentGateway
from stigmergy.platform.budgets.accounts import NO_GRANT
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine.lines import replies_before
from stigmergy.platform.engine.replies import bookable
from stigmergy.platform.engine.retries import retry_refusal
from stigmergy.platform.engine.run import Run
from stigmergy.platform.engine.surroundings import view_of
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.state import CallAgent, Command
from stigmergy.platform.health import CallSample, HealthBoard
from stigmergy.routers.feasibility import Mask

logger = logging.getLogger(__name__)

_TRY_AGAIN_S = 0.2
_KINDS: tuple[tuple[type[AgentError], FailureKind], ...] = (
    (AgentTimedOut, FailureKind.TIMEOUT),
    (AgentRefused, FailureKind.REFUSED),
    (AgentUnavailable, FailureKind.UNAVAILABLE),
    (AgentOverloaded, FailureKind.OVERLOADED),
    (InvalidReply, FailureKind.INVALID_REPLY),
    (InputTooLong, FailureKind.REFUSED),
)


def failure_kind(error: AgentError) -> FailureKind:
    """How a call failed, as it is logged."""
    return next((kind for cls, kind in _KINDS if isinstance(error, cls)), FailureKind.ERROR)


class Caller:
    """Makes the calls that episodes ask for, and tells the ledger and the health board how they went."""

    def __init__(
        self,
        gateway: AgentGateway,
        health: HealthBoard,
        mask: Mask,
        clock: Clock,
        canonical_forms: Mapping[str, CanonicalForm] = {},
    ) -> None:
        self._gateway = gateway
        self._health = health
        self._mask = mask
        self._clock = clock
        self._canonical_forms = canonical_forms

    async def perform(self, run: Run, command: CallAgent) -> tuple[Command, ...]:
        """Make one attempt; returns what has to be done next."""
        lines = run.lines(command.branch)
        profile = profile_at(lines[-1].graph, command.node)
        worst, step = profile.worst_case(), run.step_key(command.node, command.branch)
        grant, refusal = await self._reserve(run, command, worst)
        if refusal is not None:
            return run.apply(ev.BudgetRefused(node=command.node, reason=refusal, branch=command.branch))
        run.apply(
            ev.CallStarted(
                step=step,
                node=command.node,
                agent=profile.id,
                attempt=command.attempt,
                reserved=worst,
                grant=grant,
                branch=command.branch,
            )
        )
        try:
            # Whoever takes the run over has to know of this call, and of all before it.
            await run.keep()
            if not run.account.covers(_reservation(run, command)):
                return self._not_sent(run, command, profile)
            return await self._call(run, command, profile, self._request(run, command, profile, replies_before(lines)))
        except asyncio.CancelledError:
            # Whether the agent did the work is unknown, so its worst case stays charged.
            run.account.commit(_reservation(run, command), worst)
            raise

    async def _call(self, run: Run, command: CallAgent, profile: AgentProfile, request: Request) -> tuple[Command, ...]:
        self._health.started(profile.id)
        began = self._clock.monotonic()
        try:
            reply = bookable(profile.id, await self._gateway.call(profile.id, request))
        except AgentError as error:
            return self._failed(run, command, profile, error, self._clock.monotonic() - began)
        except asyncio.CancelledError:
            self._health.abandoned(profile.id)
            raise
        return self._succeeded(run, command, profile, reply, self._clock.monotonic() - began)

    async def _reserve(self, run: Run, command: CallAgent, worst: Spend) -> tuple[str, str | None]:
        """Set the worst case aside: the grant it counts under, and why it cannot be, or None.

        A first attempt has just passed the mask.
        """
        if command.attempt > 1 and command.node != ESCALATION:
            view = view_of(run, command.branch, self._mask, self._health.overlay())
            refusal = retry_refusal(self._mask, view, command.node)
            if refusal is not None:
                return NO_GRANT, refusal
        while True:
            try:
                return await run.account.reserve(_reservation(run, command), worst), None
            except BudgetRefused as refused:
                return NO_GRANT, str(refused)
            except StoreUnavailable as away:
                # No limit says no, and without the store no call can be announced either: it is waited for, as there.
                left = run.seconds_left()
                if left is not None and left <= 0:
                    return NO_GRANT, str(away)
                logger.warning("the budget of episode %s waits for the store: %s", run.episode_id, away)
                await asyncio.sleep(_TRY_AGAIN_S)

    def _not_sent(self, run: Run, command: CallAgent, profile: AgentProfile) -> tuple[Command, ...]:
        """The lease on the budget ended before the call went out: nothing is charged, and a retry reserves anew."""
        run.account.release(_reservation(run, command))
        return run.apply(
            ev.CallFailed(
                step=run.step_key(command.node, command.branch),
                branch=command.branch,
                node=command.node,
                agent=profile.id,
                attempt=command.attempt,
                failure=FailureKind.OVERLOADED,
                reason="not sent: the lease on the budget above the task ended",
                charged=NOTHING,
            )
        )

    def _request(self, run: Run, command: CallAgent, profile: AgentProfile, replies: tuple[Reply, ...]) -> Request:
        left = run.seconds_left()
        task = run.task
        return Request(
            text=task.text,
            messages=task.messages,
            task_type=task.task_type,
            labels=task.labels,
            replies=replies,
            step_key=run.step_key(command.node, command.branch),
            timeout_s=profile.timeout_s if left is None else max(min(profile.timeout_s, left), 0.001),
            caps=profile.caps,
            options=task.options if may_answer(run.graph, command) else {},
            listener=_listener(run, command),
        )

    def _succeeded(
        self, run: Run, command: CallAgent, profile: AgentProfile, reply: Reply, latency_s: float
    ) -> tuple[Command, ...]:
        used = reply.usage.spend()
        overrun = run.account.commit(_reservation(run, command), used)
        self._health.finished(CallSample(profile.id, None, latency_s))
        if overrun != NOTHING:
            # Its worst case was not one: nothing more is sent there until a probe shows that it keeps to its caps.
            self._health.trip(profile.id)
        usage = replace(reply.usage, latency_s=latency_s)
        answer = ev.CallSucceeded(
            step=run.step_key(command.node, command.branch),
            branch=command.branch,
            node=command.node,
            agent=profile.id,
            reply=replace(
                reply, agent=profile.id, node=command.node, usage=usage, canonical=self._canonical(run, command, reply)
            ),
            charged=used,
            overrun=overrun if overrun != NOTHING else None,
        )
        return run.apply(answer if reply.hand_back is None else _handed_back(answer, reply.hand_back))

    def _canonical(self, run: Run, command: CallAgent, reply: Reply) -> str | None:
        """The form in which the reply is compared; only replies of branches are."""
        form = self._canonical_forms.get(run.graph.name) if command.branch else None
        return reply.canonical if form is None or not reply.answered else form(reply.text)

    def _failed(
        self, run: Run, command: CallAgent, profile: AgentProfile, error: AgentError, latency_s: float
    ) -> tuple[Command, ...]:
        kind = failure_kind(error)
        charged = self._settle(run, command, profile, error)
        in_doubt = profile.effect if error.charges_worst_case else None
        self._health.finished(CallSample(profile.id, kind, latency_s))
        return run.apply(
            ev.CallFailed(
                step=run.step_key(command.node, command.branch),
                branch=command.branch,
                node=command.node,
                agent=profile.id,
                attempt=command.attempt,
                failure=kind,
                reason=error.reason,
                charged=charged,
                in_doubt=in_doubt,
                final=run.heard or (in_doubt is not None and not profile.idempotent),
            )
        )

    def _settle(self, run: Run, command: CallAgent, profile: AgentProfile, error: AgentError) -> Spend:
        """Release what was provably not sent; of everything else the worst case is charged."""
        reservation = _reservation(run, command)
        if not error.charges_worst_case:
            run.account.release(reservation)
            return NOTHING
        run.account.commit(reservation, profile.worst_case())
        return profile.worst_case()


def _handed_back(answer: ev.CallSucceeded, reason: str) -> ev.HandedBack:
    """What is left of an answer that gives the work back: it was paid for all the same."""
    return ev.HandedBack(
        step=answer.step,
        branch=answer.branch,
        node=answer.node,
        agent=answer.agent,
        reason=reason,
        charged=answer.charged,
        overrun=answer.overrun,
    )


def profile_at(graph: AgentGraph, node: NodeId) -> AgentProfile:
    """The profile of the agent that is called at a node, also at that of the escalation."""
    return graph.escalation if node == ESCALATION and graph.escalation is not None else graph.profile(node)


def _reservation(run: Run, command: CallAgent) -> str:
    return f"{run.step_key(command.node, command.branch)}#{command.attempt}"


def may_answer(graph: AgentGraph, command: CallAgent) -> bool:
    """Whether the reply of this call may be what the caller is answered."""
    return not command.branch and (command.node == ESCALATION or GOAL in graph.successors(command.node))


def _listener(run: Run, command: CallAgent) -> Listener | None:
    """The run's listener, where the reply of this call is the answer if the call goes well."""
    if run.listener is None or command.branch or command.node == ESCALATION:
        return None
    certain = run.state.planned[:1] == (GOAL,) or tuple(run.graph.successors(command.node)) == (GOAL,)
    return run.listener if certain else None
