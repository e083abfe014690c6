"""The branches of a fan-out as states inside a state: how they begin, and what their line takes over from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stigmergy.domain import NO_USAGE, Failure, NodeId, Status
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode.events import BranchesStarted
from stigmergy.platform.episode.state import Command, EpisodeState, Phase

_DELIVERED = (Status.COMPLETED, Status.DEMOTED)


def part(path: str) -> tuple[NodeId, str, str]:
    """The outermost fan-out of a branch path, its branch, and the path that is left inside that branch."""
    fan_out, _, rest = path.partition("/")
    name, _, inner = rest.partition("/")
    return fan_out, name, inner


def within(path: str, commands: Iterable[Command]) -> tuple[Command, ...]:
    """Commands of a branch as those of the line that holds it, ``path`` being the branch's in that line."""
    return tuple(replace(each, branch=f"{path}/{each.branch}".removesuffix("/")) for each in commands)


def begun(state: EpisodeState, event: BranchesStarted) -> Mapping[str, EpisodeState]:
    """The states of a fan-out's branches; one that was left out has ended already.

    Raises:
        IllegalEvent: a name occurs twice, or what is required was not started.
    """
    left_out = [name for name, _ in event.left_out]
    names = [*event.started, *left_out]
    if len(set(names)) < len(names) or not event.required or not set(event.required) <= set(event.started):
        raise IllegalEvent(f"{event.kind} of {names} with {event.required} required", f"at {event.node}")
    fresh = fresh_branch(state)
    lost = {
        name: fresh.but(phase=Phase.ENDED, status=Status.ESCALATED, reason=reason) for name, reason in event.left_out
    }
    return {**dict.fromkeys(event.started, fresh), **lost}


def fresh_branch(state: EpisodeState) -> EpisodeState:
    """The state of a branch that begins where its line stands."""
    return EpisodeState(
        phase=Phase.CHOOSING,
        status=Status.RUNNING,
        max_attempts=state.max_attempts,
        max_hand_backs=state.max_hand_backs,
        visits=state.visits,
    )


def answered(asked: EpisodeState) -> EpisodeState:
    """The state of an agent that a panel asked: its branch ends with its reply, without another hop."""
    if asked.phase is not Phase.CHOOSING or not asked.replies:
        return asked
    return asked.but(phase=Phase.ENDED, status=Status.COMPLETED, reason="answered")


def with_branch(state: EpisodeState, name: str, branch: EpisodeState) -> EpisodeState:
    """The line after one of its branches moved on; what is charged and reserved there counts here at once."""
    before = state.branches[name]
    return state.but(
        branches={**state.branches, name: branch},
        charged=state.charged + (branch.charged - before.charged),
        reserved=state.reserved + (branch.reserved - before.reserved),
    )


def delivered(state: EpisodeState) -> tuple[str, ...]:
    """The branches that reached their goal, in the order of the fan-out."""
    return tuple(name for name, branch in state.branches.items() if branch.status in _DELIVERED)


def lost(state: EpisodeState) -> tuple[str, ...]:
    """The branches that ended without a result (cancelled ones were not needed), in the order of the fan-out."""
    return tuple(name for name, branch in state.branches.items() if branch.status is Status.ESCALATED)


def dropped(state: EpisodeState) -> tuple[NodeId, ...]:
    """What the join goes without: lost branches, and what was dropped in those that delivered.

    A panel goes without nothing: it asked somebody else in place of an agent that was lost.
    """
    if state.on_panel:
        return ()
    inside = tuple(
        f"{state.target}/{name}/{node}" for name in delivered(state) for node in state.branches[name].dropped
    )
    return tuple(f"{state.target}/{name}" for name in lost(state)) + inside


def settled(state: EpisodeState) -> EpisodeState:
    """The line with its branches folded into it; they are over, or are given up with it."""
    if not state.branches:
        return state
    # A branch that is given up with its line may itself hold a fan-out that still runs.
    ended = {name: settled(arm) for name, arm in state.branches.items()}
    arms = ended.values()
    failures = (_seen_from_outside(state, name, each) for name, arm in ended.items() for each in arm.failures)
    return state.but(
        branches={},
        required=frozenset(),
        usage=state.usage + sum((arm.usage for arm in arms), NO_USAGE),
        failures=(*state.failures, *failures),
        reroutes=state.reroutes + sum(arm.reroutes for arm in arms),
        in_doubt=state.in_doubt.union(*(arm.in_doubt for arm in arms)),
        # A fan-out that runs again must not use a step key twice.
        visits=max(state.visits, *(arm.visits for arm in arms)),
    )


def _seen_from_outside(state: EpisodeState, name: str, failure: Failure) -> Failure:
    return replace(failure, node=f"{state.target}/{name}/{failure.node}")
