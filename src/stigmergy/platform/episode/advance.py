"""``advance(state, event) -> (state, commands)``: the rules of an episode's life.

A line, the main one or a branch of a fan-out, has at most one command open at a time, and events of different lines may
come in any order. An event that cannot happen in the state it meets raises
IllegalEvent; nothing is ever ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, Failure, FailureKind, NodeId, Status
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.branches import (
    answered,
    begun,
    delivered,
    dropped,
    fresh_branch,
    lost,
    part,
    settled,
    with_branch,
    within,
)
from stigmergy.platform.episode.state import (
    AskApproval,
    CallAgent,
    CancelBranch,
    ChooseHop,
    Command,
    Deliberate,
    EpisodeState,
    Escalate,
    Finish,
    Join,
    Phase,
    Repair,
)

Step = tuple[EpisodeState, tuple[Command, ...]]

RETRIED = frozenset({FailureKind.ERROR, FailureKind.OVERLOADED, FailureKind.TIMEOUT})
"""Failures that a second attempt may mend. A refusal, a dead replica or an invalid reply goes straight to repair.

A call that was interrupted is made again however often its agent was called: it was not the agent that failed.
"""


def advance(state: EpisodeState, event: ev.Event) -> Step:
    """The state after ``event``, and what the engine has to do next.

    Raises:
        IllegalEvent: the event cannot happen in this phase.
    """
    return _advance(state, event, getattr(event, "branch", ""))


def _advance(state: EpisodeState, event: ev.Event, path: str) -> Step:
    if path:
        return _in_branch(state, event, path)
    phases, rule = _RULES[type(event)]
    if state.phase not in phases:
        raise IllegalEvent(event.kind, state.phase.value)
    return rule(state, event)


def _in_branch(state: EpisodeState, event: ev.Event, path: str) -> Step:
    fan_out, name, inner = part(path)
    if state.phase is not Phase.FANNED_OUT or state.target != fan_out or name not in state.branches:
        raise IllegalEvent(f"{event.kind} in branch {path}", f"{state.phase.value} {state.target}")
    branch, commands = _advance(state.branches[name], event, inner)
    if state.on_panel:
        branch = answered(branch)
    moved, here = with_branch(state, name, branch), f"{fan_out}/{name}"
    return (moved, within(here, commands)) if branch.alive else _branch_ended(moved, name)


def _branch_ended(state: EpisodeState, name: str) -> Step:
    if state.on_panel:
        return state.but(phase=Phase.DELIBERATING), (Deliberate(str(state.target)),)
    running = [other for other, branch in state.branches.items() if branch.alive]
    missing = [other for other in lost(state) if other in state.required]
    if running:
        why = f"the required branch {name} was lost"
        stops = tuple(CancelBranch(why, f"{state.target}/{other}") for other in running)
        return state, stops if name in missing else ()
    if not missing:
        return state.but(phase=Phase.JOINING), (Join(str(state.target)),)
    reasons = "; ".join(f"branch {other}: {state.branches[other].reason}" for other in missing)
    return _give_up_on(settled(state), str(state.target), f"{state.target} lost what it needs ({reasons})")


def fold(events: Iterable[ev.Event]) -> EpisodeState:
    """The state that a stored journal leads to."""
    state = EpisodeState()
    for event in events:
        state, _ = advance(state, event)
    return state


def _accepted(state: EpisodeState, event: ev.Accepted) -> Step:
    started = state.but(
        phase=Phase.CHOOSING,
        status=Status.RUNNING,
        max_attempts=event.max_attempts,
        max_hand_backs=event.max_hand_backs,
    )
    return started, (ChooseHop(START),)


def _rejected(state: EpisodeState, event: ev.Rejected) -> Step:
    if state.position != START or state.visits:
        raise IllegalEvent(event.kind, f"at {state.position}, after the first hop")
    return _finishing(state, Status.REFUSED, event.reason)


def _hop_chosen(state: EpisodeState, event: ev.HopChosen) -> Step:
    barred = state.excluded.union(state.route, (START, ESCALATION))
    if event.source != state.position or event.node in barred:
        raise IllegalEvent(f"{event.kind} {event.source} -> {event.node}", f"at {state.position}")
    if state.planned:
        state = state.but(planned=state.planned[1:] if state.planned[0] == event.node else ())
    return _finishing(state, *_good_end(state)) if event.node == GOAL else _calling(state, event.node)


def _calling(state: EpisodeState, node: NodeId) -> Step:
    called = state.but(phase=Phase.CALLING, target=node, attempt=1, visits=state.visits + 1)
    return called, (CallAgent(node, 1),)


def _branches_started(state: EpisodeState, event: ev.BranchesStarted) -> Step:
    _expect_target(state, event.node, event.kind)
    if event.node == ESCALATION:
        raise IllegalEvent(f"{event.kind} at {event.node}", "calling the escalation agent")
    fanned = state.but(phase=Phase.FANNED_OUT, branches=begun(state, event), required=frozenset(event.required))
    return fanned, tuple(ChooseHop(START, branch=f"{event.node}/{name}") for name in event.started)


def _panel_asked(state: EpisodeState, event: ev.PanelAsked) -> Step:
    _expect_target(state, event.node, event.kind)
    if event.node == ESCALATION or event.agent in state.branches:
        raise IllegalEvent(f"{event.kind} of {event.agent} at {event.node}", f"having asked {tuple(state.branches)}")
    # The decision is the hop: the agent's branch begins with its call.
    member, commands = _calling(fresh_branch(state), event.agent)
    asked = state.but(phase=Phase.FANNED_OUT, branches={**state.branches, event.agent: member})
    return asked, within(f"{event.node}/{event.agent}", commands)


def _branch_lost(state: EpisodeState, event: ev.BranchLost) -> Step:
    if not event.branch:
        raise IllegalEvent(event.kind, "on the main line, which is no branch")
    return state.but(phase=Phase.ENDED, status=Status.ESCALATED, reason=event.reason), ()


def _joined(state: EpisodeState, event: ev.Joined) -> Step:
    _expect_target(state, event.node, event.kind)
    if not event.joined or not set(event.joined) <= set(delivered(state)):
        raise IllegalEvent(f"{event.kind} of {event.joined}", f"where {delivered(state)} delivered")
    committed = settled(state).but(
        phase=Phase.CHOOSING,
        target=None,
        attempt=0,
        position=event.node,
        route=(*state.route, event.node),
        replies=(*state.replies, event.reply),
        dropped=(*state.dropped, *dropped(state)),
    )
    return committed, (ChooseHop(event.node, state.planned[0] if state.planned else None),)


def _call_started(state: EpisodeState, event: ev.CallStarted) -> Step:
    _expect_target(state, event.node, event.kind)
    _expect_attempt(state, event.attempt, event.kind)
    return state.but(phase=Phase.WAITING, reserved=event.reserved), ()


def _call_succeeded(state: EpisodeState, event: ev.CallSucceeded) -> Step:
    _expect_target(state, event.node, event.kind)
    committed = state.but(
        target=None,
        attempt=0,
        replies=(*state.replies, event.reply),
        usage=state.usage + event.reply.usage,
        charged=state.charged + event.charged,
        reserved=NOTHING,
    )
    if event.node == ESCALATION:
        calls = state.control_llm_calls + event.reply.usage.model_calls
        told = committed.but(control_llm_calls=calls)
        return _finishing(told, Status.ESCALATED, state.escalation_reason or "")
    moved = committed.but(phase=Phase.CHOOSING, position=event.node, route=(*state.route, event.node))
    return moved, (ChooseHop(event.node, state.planned[0] if state.planned else None),)


def _call_failed(state: EpisodeState, event: ev.CallFailed) -> Step:
    _expect_target(state, event.node, event.kind)
    _expect_attempt(state, event.attempt, event.kind)
    failed = _with_failure(state, event)
    bounded = event.failure in RETRIED and event.attempt < state.max_attempts
    if not event.final and (bounded or event.failure is FailureKind.INTERRUPTED):
        again = event.attempt + 1
        return failed.but(phase=Phase.CALLING, attempt=again), (CallAgent(event.node, again),)
    return _give_up_on(failed, event.node, f"{event.agent}: {event.failure} ({event.reason})")


def _with_failure(state: EpisodeState, event: ev.CallFailed) -> EpisodeState:
    failure = Failure(
        node=event.node, agent=event.agent, kind=event.failure, reason=event.reason, charged=event.charged
    )
    return state.but(
        failures=(*state.failures, failure),
        charged=state.charged + event.charged,
        reserved=NOTHING,
        in_doubt=state.in_doubt if event.in_doubt is None else state.in_doubt | {event.in_doubt},
    )


def _budget_refused(state: EpisodeState, event: ev.BudgetRefused) -> Step:
    _expect_target(state, event.node, event.kind)
    return _give_up_on(state, event.node, event.reason)


def _vetoed(state: EpisodeState, event: ev.Vetoed) -> Step:
    _expect_untried(state, event.node, event.kind)
    return _give_up_on(state, event.node, f"{event.agent}: vetoed by {event.monitor} ({event.reason})")


def _approval_asked(state: EpisodeState, event: ev.ApprovalAsked) -> Step:
    _expect_untried(state, event.node, event.kind)
    if event.node in state.approved:
        raise IllegalEvent(f"{event.kind} at {event.node}", "past its approval")
    held = state.but(phase=Phase.APPROVING, held_for=event.reason)
    return held, (AskApproval(event.node, event.reason),)


def _approval_given(state: EpisodeState, event: ev.ApprovalGiven) -> Step:
    _expect_target(state, event.node, event.kind)
    decided = state.but(held_for="")
    if event.approved:
        going_on = decided.but(phase=Phase.CALLING, approved=state.approved | {event.node})
        return going_on, (CallAgent(event.node, state.attempt),)
    return _give_up_on(
        decided, event.node, f"{event.node}: not approved by {event.by} ({event.comment or 'no comment'})"
    )


def _handed_back(state: EpisodeState, event: ev.HandedBack) -> Step:
    _expect_target(state, event.node, event.kind)
    charged = state.charged + event.charged
    paid = state.but(charged=charged, reserved=NOTHING, hand_backs=state.hand_backs + 1)
    reason = f"{event.agent} gave the work back ({event.reason})"
    if event.node == ESCALATION:
        return _give_up_on(
            paid.but(control_llm_calls=state.control_llm_calls + event.charged.calls), ESCALATION, reason
        )
    given_up, commands = _give_up_on(paid, event.node, reason)
    if paid.hand_backs <= state.max_hand_backs:
        return given_up, commands
    return given_up, (Escalate(f"{reason}, and work may be given back {state.max_hand_backs} times at most"),)


def _give_up_on(state: EpisodeState, node: NodeId, reason: str) -> Step:
    stopped = state.but(target=None, attempt=0, planned=(), excluded=state.excluded | {node})
    if node == ESCALATION:
        return _finishing(
            stopped, Status.ESCALATED, f"{state.escalation_reason}; the escalation agent failed: {reason}"
        )
    return stopped.but(phase=Phase.REPAIRING), (Repair(reason),)


def _cornered(state: EpisodeState, event: ev.Cornered) -> Step:
    why = "; ".join(f"{node}: {reason}" for node, reason in event.reasons) or "no successors"
    if state.target is not None:
        return _give_up_on(settled(state), state.target, f"nobody on the panel {state.target} answered ({why})")
    return state.but(phase=Phase.REPAIRING, planned=()), (Repair(f"no feasible hop from {event.position} ({why})"),)


def _rerouted(state: EpisodeState, event: ev.Rerouted) -> Step:
    # Only the first hop is fixed: after it the router decides again.
    return _follow(state.but(reroutes=state.reroutes + 1), event, event.path[:1])


def _demoted(state: EpisodeState, event: ev.Demoted) -> Step:
    # The whole path is fixed: it bypasses dropped nodes, for which the graph itself has no edge.
    return _follow(state.but(dropped=(*state.dropped, *event.dropped)), event, event.path)


def _follow(state: EpisodeState, event: ev.Rerouted | ev.Demoted, planned: tuple[NodeId, ...]) -> Step:
    kept = len(state.route) - len(event.undone)
    last_kept = (START, *state.route)[max(kept, 0)]
    if not event.path or event.undone != state.route[max(kept, 0) :] or event.source != last_kept:
        raise IllegalEvent(f"{event.kind} from {event.source} by {event.path}", f"at the end of {state.route}")
    back = state.but(
        phase=Phase.CHOOSING,
        position=event.source,
        route=state.route[:kept],
        dropped=tuple(each for each in state.dropped if not each.startswith(tuple(f"{n}/" for n in event.undone))),
        replies=state.replies[:kept],
        planned=planned,
    )
    return back, (ChooseHop(event.source, planned[0]),)


def _escalated(state: EpisodeState, event: ev.Escalated) -> Step:
    raised = state.but(escalation_reason=event.reason, planned=())
    if event.to is None:
        return _finishing(raised, Status.ESCALATED, event.reason)
    return _calling(raised, ESCALATION)


def _deadline_passed(state: EpisodeState, _event: ev.DeadlinePassed) -> Step:
    late = state.but(target=None, held_for="", escalation_reason="the deadline passed")
    return _finishing(
        late, Status.ESCALATED, f"the deadline passed after {len(state.route)} steps; the result is partial"
    )


def _cancelled(state: EpisodeState, event: ev.Cancelled) -> Step:
    # Whether the agent that was being called did the work is unknown, so what was reserved for it stays charged.
    charged = state.charged + state.reserved
    given_up = settled(state).but(target=None, held_for="", charged=charged, reserved=NOTHING)
    return _finishing(given_up, Status.CANCELLED, event.reason)


def _finished(state: EpisodeState, event: ev.Finished) -> Step:
    if event.branch and event.status is Status.ESCALATED:
        raise IllegalEvent(f"{event.kind} as {event.status}", "in a branch, which is lost then")
    return state.but(phase=Phase.ENDED, status=event.status, reason=event.reason), ()


def _quality_given(state: EpisodeState, event: ev.QualityGiven) -> Step:
    return state.but(quality=event.quality), ()


def _finishing(state: EpisodeState, status: Status, reason: str) -> Step:
    return state.but(phase=Phase.FINISHING), (Finish(status, reason),)


def _good_end(state: EpisodeState) -> tuple[Status, str]:
    if state.dropped:
        return Status.DEMOTED, f"without {', '.join(state.dropped)}"
    if state.failures or state.reroutes:
        return Status.COMPLETED, f"after {len(state.failures)} failed calls and {state.reroutes} reroutes"
    return Status.COMPLETED, "reached the goal"


def _expect_attempt(state: EpisodeState, attempt: int, kind: str) -> None:
    if state.attempt != attempt:
        raise IllegalEvent(
            f"{kind} of attempt {attempt}", f"{state.phase.value} {state.target}, attempt {state.attempt}"
        )


def _expect_target(state: EpisodeState, node: NodeId, kind: str) -> None:
    if state.target != node:
        raise IllegalEvent(f"{kind} at {node}", f"{state.phase.value} {state.target}")


def _expect_untried(state: EpisodeState, node: NodeId, kind: str) -> None:
    _expect_target(state, node, kind)
    _expect_attempt(state, 1, kind)


_ALIVE = frozenset(Phase) - {Phase.NEW, Phase.FINISHING, Phase.ENDED}
_RULES: dict[type[Any], tuple[frozenset[Phase], Callable[[EpisodeState, Any], Step]]] = {
    ev.Accepted: (frozenset({Phase.NEW}), _accepted),
    ev.Rejected: (frozenset({Phase.CHOOSING}), _rejected),
    ev.HopChosen: (frozenset({Phase.CHOOSING}), _hop_chosen),
    ev.CallStarted: (frozenset({Phase.CALLING}), _call_started),
    ev.CallSucceeded: (frozenset({Phase.WAITING}), _call_succeeded),
    ev.CallFailed: (frozenset({Phase.WAITING}), _call_failed),
    ev.BudgetRefused: (frozenset({Phase.CALLING}), _budget_refused),
    ev.Vetoed: (frozenset({Phase.CALLING}), _vetoed),
    ev.ApprovalAsked: (frozenset({Phase.CALLING}), _approval_asked),
    ev.ApprovalGiven: (frozenset({Phase.APPROVING}), _approval_given),
    ev.HandedBack: (frozenset({Phase.WAITING}), _handed_back),
    ev.BranchesStarted: (frozenset({Phase.CALLING}), _branches_started),
    ev.BranchLost: (frozenset({Phase.FINISHING}), _branch_lost),
    ev.PanelAsked: (frozenset({Phase.CALLING, Phase.DELIBERATING}), _panel_asked),
    ev.Joined: (frozenset({Phase.JOINING, Phase.DELIBERATING}), _joined),
    ev.Cornered: (frozenset({Phase.CHOOSING, Phase.CALLING, Phase.DELIBERATING}), _cornered),
    ev.Rerouted: (frozenset({Phase.REPAIRING}), _rerouted),
    ev.Demoted: (frozenset({Phase.REPAIRING}), _demoted),
    ev.Escalated: (frozenset({Phase.REPAIRING}), _escalated),
    ev.DeadlinePassed: (frozenset({Phase.CHOOSING, Phase.CALLING, Phase.APPROVING, Phase.REPAIRING}), _deadline_passed),
    ev.Cancelled: (_ALIVE, _cancelled),
    ev.Finished: (frozenset({Phase.FINISHING}), _finished),
    ev.QualityGiven: (frozenset({Phase.ENDED}), _quality_given),
}
