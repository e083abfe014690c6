"""The machine under any events in any order: what it takes keeps it legal, what it refuses changes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Reply
from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, FailureKind, Spend, Status, Usage
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance, fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.episode.state import (
    AskApproval,
    CallAgent,
    ChooseHop,
    Command,
    EpisodeState,
    Escalate,
    Finish,
    Phase,
    Repair,
)
from stigmergy.platform.learning.audit import silent_failures

NODES = st.sampled_from(("a", "b", "c"))
ANYWHERE = st.sampled_from((START, "a", "b", "c", GOAL, ESCALATION))
SPENT = st.integers(0, 3).map(lambda n: Spend(Decimal(n), n, 1))
REPLIES = st.builds(Reply, text=st.sampled_from(("x", "y")), usage=st.just(Usage(3, 1, 1, Decimal(1))))
VERSIONS = ev.Versions(graph="g", policy="p", config="c", features="f")
PATHS = st.lists(NODES, max_size=2, unique=True).map(lambda nodes: (*nodes, GOAL))
ACCEPTED = st.integers(1, 3).map(
    lambda attempts: ev.Accepted(
        task_id="t", graph="g", router="r", versions=VERSIONS, mixture={}, complexity=0.0, max_attempts=attempts
    )
)
Draw = st.DrawFn


ANY_CALL = (
    st.builds(ev.CallStarted, step=st.just("s"), node=ANYWHERE, agent=NODES, attempt=st.integers(1, 3), reserved=SPENT),
    st.builds(
        ev.CallSucceeded, step=st.just("s"), node=ANYWHERE, agent=NODES, reply=REPLIES, charged=SPENT, overrun=st.none()
    ),
    st.builds(
        ev.CallFailed,
        step=st.just("s"),
        node=ANYWHERE,
        agent=NODES,
        attempt=st.integers(1, 3),
        failure=st.sampled_from(FailureKind),
        reason=st.just("why"),
        charged=SPENT,
        in_doubt=st.none() | st.just("book"),
        final=st.booleans(),
    ),
    st.builds(ev.BudgetRefused, node=ANYWHERE, reason=st.just("why")),
    st.builds(ev.HandedBack, step=st.just("s"), node=ANYWHERE, agent=NODES, reason=st.just("why"), charged=SPENT),
)
OBJECTED = {"node": ANYWHERE, "agent": NODES, "monitor": st.just("risk"), "priority": st.just(0.9)}
ANY_OVERSIGHT = (
    st.builds(ev.Vetoed, reason=st.just("why"), **OBJECTED),
    st.builds(ev.ApprovalAsked, reason=st.just("why"), **OBJECTED),
    st.builds(ev.ApprovalGiven, node=ANYWHERE, approved=st.booleans(), by=st.just("ann")),
)
UNDONE = st.lists(NODES, max_size=2).map(tuple)
ANY_REPAIR = (
    st.builds(ev.Cornered, position=ANYWHERE, reasons=st.just(())),
    st.builds(ev.Rerouted, source=ANYWHERE, path=PATHS, weight=st.just(1.0), undone=UNDONE),
    st.builds(
        ev.Demoted,
        source=ANYWHERE,
        path=PATHS,
        dropped=st.just(("d",)),
        loss=st.just(0.1),
        weight=st.just(1.0),
        undone=UNDONE,
    ),
    st.builds(ev.Escalated, reason=st.just("why"), to=st.none() | NODES),
)
ANY_OTHER = (
    ACCEPTED,
    st.builds(
        ev.HopChosen, source=ANYWHERE, node=ANYWHERE, decided_by=st.just(ev.DecidedBy.ROUTER), probability=st.just(1.0)
    ),
    st.builds(ev.DeadlinePassed, position=ANYWHERE),
    st.builds(ev.Cancelled, reason=st.just("why")),
    st.builds(ev.Finished, status=st.sampled_from([s for s in Status if s.ended]), reason=st.just("why")),
    st.builds(ev.QualityGiven, quality=st.floats(0, 1), source=st.just("user"), probability=st.just(1.0)),
)


def any_event() -> st.SearchStrategy[Any]:
    """Events with whatever in them: most of them do not fit where the episode stands."""
    return st.one_of(*ANY_CALL, *ANY_OVERSIGHT, *ANY_REPAIR, *ANY_OTHER)


def one_of(draw: Draw, *events: ev.Event) -> ev.Event:
    return draw(st.sampled_from(events))


def answer(draw: Draw, state: EpisodeState, command: Command) -> ev.Event:
    """An event that performing the command may lead to."""
    match command:
        case ChooseHop(position, forced):
            fresh = [n for n in ("a", "b", "c") if n not in state.route and n not in state.excluded]
            node = forced if forced is not None else draw(st.sampled_from((*fresh, GOAL)))
            hop = ev.HopChosen(source=position, node=node, decided_by=ev.DecidedBy.ROUTER, probability=1.0)
            return one_of(
                draw, hop, hop, ev.Cornered(position=position, reasons=()), ev.DeadlinePassed(position=position)
            )
        case CallAgent(node, attempt):
            started = ev.CallStarted(step="s", node=node, agent=node, attempt=attempt, reserved=draw(SPENT))
            refused = ev.BudgetRefused(node=node, reason="why")
            return one_of(draw, started, started, refused, *objections(state, node, attempt))
        case AskApproval(node):
            given = ev.ApprovalGiven(node=node, approved=draw(st.booleans()), by="ann")
            return one_of(draw, given, given, ev.DeadlinePassed(position=state.position))
        case Escalate(reason):
            return ev.Escalated(reason=reason, to=draw(st.none() | st.just("e")))
        case Repair():
            return draw(repairs(state))
        case Finish(status, reason):
            return ev.Finished(status=status, reason=reason)
        case _:
            raise AssertionError(f"{command} on a line without fan-outs")


def objections(state: EpisodeState, node: str, attempt: int) -> list[ev.Event]:
    """What monitors may say of a hop: nothing of a call that is made again, and no question twice."""
    facts: dict[str, Any] = {"node": node, "agent": node, "monitor": "risk", "priority": 0.9, "reason": "why"}
    if attempt > 1:
        return []
    return [ev.Vetoed(**facts)] if node in state.approved else [ev.Vetoed(**facts), ev.ApprovalAsked(**facts)]


def outcome_of_call(draw: Draw, state: EpisodeState) -> ev.Event:
    node = str(state.target)
    if draw(st.integers(0, 4)) == 0:
        return ev.HandedBack(step="s", node=node, agent=node, reason="not mine", charged=draw(SPENT))
    if draw(st.booleans()):
        return ev.CallSucceeded(step="s", node=node, agent=node, reply=draw(REPLIES), charged=draw(SPENT))
    return ev.CallFailed(
        step="s",
        node=node,
        agent=node,
        attempt=state.attempt,
        failure=draw(st.sampled_from(FailureKind)),
        reason="why",
        charged=draw(SPENT),
        final=draw(st.booleans()),
        in_doubt=draw(st.none() | st.just("book")),
    )


@st.composite
def repairs(draw: Draw, state: EpisodeState) -> ev.Event:
    kept = draw(st.integers(0, len(state.route)))
    source, undone = (START, *state.route)[kept], state.route[kept:]
    open_nodes = [n for n in ("a", "b", "c") if n not in state.route[:kept] and n not in state.excluded]
    path = (*draw(st.permutations(open_nodes))[: draw(st.integers(0, 2))], GOAL)
    return one_of(
        draw,
        ev.Rerouted(source=source, path=path, weight=1.0, undone=undone),
        ev.Demoted(source=source, path=path, dropped=("d",), loss=0.1, weight=1.0, undone=undone),
        ev.Escalated(reason="why", to=draw(st.none() | st.just("e"))),
    )


@st.composite
def lives(draw: Draw) -> tuple[list[ev.Event], list[EpisodeState]]:
    """A whole legal life: its events, and the states before, between and after them."""
    states = [EpisodeState()]
    taken: list[ev.Event] = []

    def take(event: ev.Event) -> tuple[EpisodeState, tuple[Command, ...]]:
        moved = advance(states[-1], event)
        taken.append(event)
        states.append(moved[0])
        return moved

    state, commands = take(draw(ACCEPTED))
    for _ in range(60):
        if draw(st.integers(0, 19)) == 0 and state.phase not in (Phase.FINISHING, Phase.ENDED):
            state, commands = take(ev.Cancelled(reason="why"))
        elif commands:
            state, commands = take(answer(draw, state, commands[0]))
        elif state.phase is Phase.WAITING:
            state, commands = take(outcome_of_call(draw, state))
        else:
            break
    return taken, states


def check_legal(state: EpisodeState) -> None:
    calling = state.phase in (Phase.CALLING, Phase.APPROVING, Phase.WAITING)
    assert (state.target is not None) == calling
    interrupted = sum(failure.kind is FailureKind.INTERRUPTED for failure in state.failures)
    bounded = 1 <= state.attempt <= state.max_attempts + interrupted
    assert bounded or not calling or state.target == ESCALATION
    assert bool(state.held_for) == (state.phase is Phase.APPROVING)
    assert state.target not in state.approved or state.phase is not Phase.APPROVING
    assert state.reserved == NOTHING or state.phase is Phase.WAITING
    escalated = state.phase in (Phase.FINISHING, Phase.ENDED) and state.control_llm_calls > 0
    assert len(state.replies) - len(state.route) in ((0, 1) if escalated else (0,))
    assert state.position == (START, *state.route)[-1]
    assert not state.excluded & set(state.route)
    assert len(set(state.route)) == len(state.route)
    assert NOTHING.at_most(state.charged)
    assert state.status.ended == (state.phase is Phase.ENDED)


@given(lives())
@settings(max_examples=120, deadline=None)
def test_a_life_stays_legal_and_folds_back_from_its_stored_events(
    life: tuple[list[ev.Event], list[EpisodeState]],
) -> None:
    taken, states = life
    for state in states:
        check_legal(state)
    assert fold(decode(encode(event)) for event in taken) == states[-1]
    assert silent_failures(taken) <= (states[-1].phase is not Phase.ENDED)


@given(lives())
@settings(max_examples=60, deadline=None)
def test_what_a_life_charges_is_the_sum_of_its_calls(life: tuple[list[ev.Event], list[EpisodeState]]) -> None:
    taken, states = life
    settled = [e.charged for e in taken if isinstance(e, (ev.CallSucceeded, ev.CallFailed, ev.HandedBack))]
    open_calls = [
        before.reserved for before, event in zip(states, taken, strict=False) if isinstance(event, ev.Cancelled)
    ]
    assert states[-1].charged == reduce(Spend.__add__, [*settled, *open_calls], NOTHING)


@given(lives(), any_event())
@settings(max_examples=150, deadline=None)
def test_an_event_out_of_place_is_refused_and_any_other_leaves_a_legal_state(
    life: tuple[list[ev.Event], list[EpisodeState]], event: ev.Event
) -> None:
    for state in life[1]:
        before = replace(state)
        with suppress(IllegalEvent):
            after, commands = advance(state, event)
            check_legal(after)
            assert len(commands) <= 1
        assert state == before


@given(any_event())
@settings(max_examples=60, deadline=None)
def test_an_episode_begins_with_being_accepted(event: ev.Event) -> None:
    if not isinstance(event, ev.Accepted):
        with pytest.raises(IllegalEvent, match=event.kind):
            advance(EpisodeState(), event)
