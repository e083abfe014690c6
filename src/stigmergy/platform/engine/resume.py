"""A run that another process began: led to where its journal ends, and on from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stigmergy.errors import IllegalEvent, NotResumable
from stigmergy.platform.engine.calls import profile_at
from stigmergy.platform.engine.run import Recorded, Run
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.open_work import OpenWork, interrupted, open_work, stopped
from stigmergy.platform.episode.state import CancelBranch, Command


def resume(run: Run, past: Sequence[Recorded]) -> tuple[Command, ...]:
    """Bring the run to where ``past`` ends; returns what has to be done next.

    Finished steps stay finished. A call that hangs counts as interrupted: it is charged its worst case, and made again
    under the same step key unless it may have had an effect that must not happen twice.

    Raises:
        NotResumable: the graph is not the one that the episode began with, or the events are no episode.
    """
    _expect_same_graph(run, past)
    run.trade_off = _accepted(run, past).trade_off
    work = _open_work(run, past)
    run.restore(past, work.state)
    commands = dict(work.commands)
    cancels = [each for each in commands.values() if isinstance(each, CancelBranch)]
    for cancel in cancels:
        del commands[cancel.branch]
    hanging = _still_wanted(work, cancels)
    ends = [interrupted(call, profile_at(run.lines(call.branch)[-1].graph, call.node)) for call in hanging]
    for event in (*ends, *(event for cancel in cancels for event in stopped(cancel))):
        commands |= {command.branch: command for command in run.apply(event)}
    main = commands.pop("")
    run.left_open.update(commands)
    return (main,)


def _open_work(run: Run, past: Sequence[Recorded]) -> OpenWork:
    try:
        return open_work(each.event for each in past)
    except IllegalEvent as error:
        raise NotResumable(run.episode_id, f"its events are no episode: {error}") from error


def _expect_same_graph(run: Run, past: Sequence[Recorded]) -> None:
    accepted = _accepted(run, past)
    if (accepted.graph, accepted.versions.graph) != (run.graph.name, run.graph.version):
        raise NotResumable(
            run.episode_id,
            f"it began on graph {accepted.graph!r} in version {accepted.versions.graph}, "
            f"and {run.graph.name!r} is served in version {run.graph.version}",
        )


def _accepted(run: Run, past: Sequence[Recorded]) -> ev.Accepted:
    accepted = past[0].event
    if not isinstance(accepted, ev.Accepted):
        raise NotResumable(run.episode_id, f"its journal begins with {accepted.kind!r}")
    return accepted


def _still_wanted(work: OpenWork, cancels: Sequence[CancelBranch]) -> Iterator[ev.CallStarted]:
    """The calls that hang, but for those of branches that are being stopped, which are charged with their branch."""
    given_up = {cancel.branch for cancel in cancels}
    return (call for path, call in work.hanging.items() if path not in given_up)
