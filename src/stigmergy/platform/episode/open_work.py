"""What a stored journal leaves to be done: the commands that no event has answered, and the calls that hang."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stigmergy.domain import AgentProfile, FailureKind, Status
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance
from stigmergy.platform.episode.state import AwaitBranches, CancelBranch, Command, EpisodeState, Phase


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Where the events lead, and what is open there, by line ("" is the main one).

    ``hanging`` are calls whose outcome no event tells: the process died between the call and its commit.
    """

    state: EpisodeState
    commands: Mapping[str, Command]
    hanging: Mapping[str, ev.CallStarted]


def open_work(events: Iterable[ev.Event]) -> OpenWork:
    """Fold the events of an episode that has not ended.

    Raises:
        IllegalEvent: the events are no episode.
    """
    state = EpisodeState()
    commands: dict[str, Command] = {}
    hanging: dict[str, ev.CallStarted] = {}
    for event in events:
        state, asked = advance(state, event)
        line = getattr(event, "branch", "")
        commands.pop(line, None)
        hanging.pop(line, None)
        if isinstance(event, ev.CallStarted):
            hanging[line] = event
        commands |= {command.branch: command for command in asked}
    alive = {path: line for path, line in _lines(state) if line.alive}
    fanned_out = {
        path: AwaitBranches(str(line.target), path) for path, line in alive.items() if line.phase is Phase.FANNED_OUT
    }
    return OpenWork(
        state,
        fanned_out | {path: command for path, command in commands.items() if path in alive},
        {path: started for path, started in hanging.items() if path in alive},
    )


def interrupted(started: ev.CallStarted, profile: AgentProfile) -> ev.CallFailed:
    """The end of a call whose process died. Whether the agent did the work is unknown, so its worst case is charged."""
    return ev.CallFailed(
        step=started.step,
        node=started.node,
        agent=started.agent,
        attempt=started.attempt,
        failure=FailureKind.INTERRUPTED,
        reason="the process that made the call died before it was answered",
        charged=started.reserved,
        in_doubt=profile.effect,
        final=profile.effect is not None and not profile.idempotent,
        branch=started.branch,
    )


def stopped(cancel: CancelBranch) -> tuple[ev.Cancelled, ev.Finished]:
    """The end of a branch that was about to be stopped."""
    return (
        ev.Cancelled(reason=cancel.reason, branch=cancel.branch),
        ev.Finished(status=Status.CANCELLED, reason=cancel.reason, branch=cancel.branch),
    )


def _lines(state: EpisodeState, path: str = "") -> Iterable[tuple[str, EpisodeState]]:
    """A line and all branches below it, with their paths."""
    yield path, state
    for name, branch in state.branches.items():
        yield from _lines(branch, f"{path}/{state.target}/{name}".removeprefix("/"))
