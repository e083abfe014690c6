from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest

from stigmergy.agents.base import Reply
from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, FailureKind, Spend, Status, Usage
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance, fold
from stigmergy.platform.episode.state import CallAgent, ChooseHop, Command, EpisodeState, Finish, Phase, Repair

ONE = Spend(Decimal(1), 15, 1)


def accepted(max_attempts: int = 2) -> ev.Accepted:
    versions = ev.Versions(graph="g", policy="p", config="c", features="f")
    return ev.Accepted(
        task_id="t", graph="g", router="r", versions=versions, mixture={}, complexity=0.0, max_attempts=max_attempts
    )


def hop(source: str, node: str) -> ev.HopChosen:
    return ev.HopChosen(source=source, node=node, decided_by=ev.DecidedBy.ROUTER, probability=1.0)


def started(node: str, attempt: int = 1, agent: str | None = None) -> ev.CallStarted:
    return ev.CallStarted(step="s", node=node, agent=agent or node, attempt=attempt, reserved=ONE)


def succeeded(node: str, text: str = "done") -> ev.CallSucceeded:
    reply = Reply(text=text, usage=Usage(3, 1, 1, Decimal("0.5")))
    return ev.CallSucceeded(step="s", node=node, agent=node, reply=reply, charged=Spend(Decimal("0.5"), 4, 1))


def failed(node: str, kind: FailureKind = FailureKind.ERROR, attempt: int = 1, **facts: object) -> ev.CallFailed:
    return ev.CallFailed(
        step="s",
        node=node,
        agent=node,
        attempt=attempt,
        failure=kind,
        reason="why",
        charged=ONE,
        **facts,  # type: ignore[arg-type]
    )


def went(*nodes: str) -> list[ev.Event]:
    """A life that went through these nodes without a failure."""
    events: list[ev.Event] = [accepted()]
    for source, node in zip((START, *nodes), nodes, strict=False):
        events += [hop(source, node), started(node), succeeded(node, f"{node} says")]
    return events


def after(events: Iterable[ev.Event], last: ev.Event) -> tuple[EpisodeState, tuple[Command, ...]]:
    return advance(fold(events), last)


def test_a_task_without_trouble_goes_from_start_to_goal() -> None:
    state, commands = after(went("a", "b"), hop("b", GOAL))
    assert commands == (Finish(Status.COMPLETED, "reached the goal"),)
    assert (state.route, state.answer, state.charged) == (("a", "b"), "b says", Spend(Decimal(1), 8, 2))
    ended, commands = advance(state, ev.Finished(status=Status.COMPLETED, reason="reached the goal"))
    assert (ended.phase, ended.status, commands) == (Phase.ENDED, Status.COMPLETED, ())


@pytest.mark.parametrize("kind", [FailureKind.ERROR, FailureKind.OVERLOADED, FailureKind.TIMEOUT])
def test_a_call_that_may_be_mended_is_made_again_until_its_attempts_are_used_up(kind: FailureKind) -> None:
    events: list[ev.Event] = [accepted(2), hop(START, "a"), started("a")]
    state, commands = after(events, failed("a", kind))
    assert (state.phase, commands) == (Phase.CALLING, (CallAgent("a", 2),))
    state, commands = after([*events, failed("a", kind), started("a", 2)], failed("a", kind, 2))
    assert (state.phase, state.excluded, state.charged) == (Phase.REPAIRING, frozenset({"a"}), Spend(Decimal(2), 30, 2))
    assert commands == (Repair(f"a: {kind} (why)"),)


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNAVAILABLE, FailureKind.INVALID_REPLY])
def test_a_call_that_cannot_be_mended_goes_to_repair_at_once(kind: FailureKind) -> None:
    _, commands = after([accepted(3), hop(START, "a"), started("a")], failed("a", kind))
    assert isinstance(commands[0], Repair)


def test_a_call_that_may_have_had_an_effect_is_not_made_again_and_its_effect_stays_in_doubt() -> None:
    events: list[ev.Event] = [accepted(3), hop(START, "a"), started("a")]
    state, commands = after(events, failed("a", FailureKind.TIMEOUT, in_doubt="book", final=True))
    assert isinstance(commands[0], Repair)
    assert state.in_doubt == {"book"}
    state, commands = after(events, failed("a", FailureKind.TIMEOUT, in_doubt="book"))
    assert commands == (CallAgent("a", 2),)
    assert state.in_doubt == {"book"}


def test_after_the_first_hop_of_a_reroute_the_router_decides_again() -> None:
    events = [*went("a"), hop("a", "b"), started("b"), failed("b", FailureKind.REFUSED)]
    state, commands = after(events, ev.Rerouted(source="a", path=("c", "d", GOAL), weight=1.0))
    assert (state.reroutes, commands) == (1, (ChooseHop("a", "c"),))
    _, commands = advance(
        fold([*events, ev.Rerouted(source="a", path=("c", "d", GOAL), weight=1.0), hop("a", "c"), started("c")]),
        succeeded("c"),
    )
    assert commands == (ChooseHop("c"),)


def test_a_demoted_path_is_followed_to_its_end_past_what_was_dropped() -> None:
    events = [*went("a"), hop("a", "b"), started("b"), failed("b", FailureKind.REFUSED)]
    demoted = ev.Demoted(source="a", path=("d", GOAL), dropped=("b",), loss=0.1, weight=1.0)
    state, commands = after(events, demoted)
    assert commands == (ChooseHop("a", "d"),)
    state, commands = after([*events, demoted, hop("a", "d"), started("d")], succeeded("d"))
    assert commands == (ChooseHop("d", GOAL),)
    state, commands = advance(state, hop("d", GOAL))
    assert commands == (Finish(Status.DEMOTED, "without b"),)
    assert state.reroutes == 0


def test_backing_up_takes_back_steps_and_replies_but_not_what_they_cost() -> None:
    events = [*went("a", "b"), ev.Cornered(position="b", reasons=(("c", "down"),))]
    state, commands = after(events, ev.Rerouted(source=START, path=("d", GOAL), weight=1.0, undone=("a", "b")))
    assert (state.route, state.replies, state.position) == ((), (), START)
    assert (state.charged, state.usage.usd) == (Spend(Decimal(1), 8, 2), Decimal(1))
    assert commands == (ChooseHop(START, "d"),)


def test_a_node_called_again_after_a_back_up_is_another_visit() -> None:
    events = [
        *went("a", "b"),
        ev.Cornered(position="b", reasons=()),
        ev.Rerouted(source=START, path=("b", GOAL), weight=1.0, undone=("a", "b")),
        hop(START, "b"),
    ]
    assert fold(events).visits == 3


@pytest.mark.parametrize(
    "repair",
    [
        ev.Rerouted(source="a", path=("d", GOAL), weight=1.0, undone=("a",)),
        ev.Rerouted(source=START, path=("d", GOAL), weight=1.0, undone=("b",)),
        ev.Rerouted(source=START, path=("d", GOAL), weight=1.0, undone=("a", "b", "c")),
        ev.Rerouted(source="b", path=(), weight=1.0),
        ev.Rerouted(source="a", path=("d", GOAL), weight=1.0),
    ],
)
def test_a_repair_that_starts_elsewhere_than_it_says_is_illegal(repair: ev.Rerouted) -> None:
    with pytest.raises(IllegalEvent):
        after([*went("a", "b"), ev.Cornered(position="b", reasons=())], repair)


def test_without_an_escalation_agent_the_caller_has_to_decide() -> None:
    _, commands = after([*went("a"), ev.Cornered(position="a", reasons=())], ev.Escalated(reason="no path"))
    assert commands == (Finish(Status.ESCALATED, "no path"),)


def test_the_escalation_agent_answers_outside_the_route_and_its_calls_are_counted_apart() -> None:
    events = [*went("a"), ev.Cornered(position="a", reasons=()), ev.Escalated(reason="no path", to="boss")]
    state, commands = after([*events, started(ESCALATION, agent="boss")], succeeded(ESCALATION, "human please"))
    assert commands == (Finish(Status.ESCALATED, "no path"),)
    assert (state.answer, state.control_llm_calls, state.route) == ("human please", 1, ("a",))


def test_an_escalation_agent_that_fails_ends_the_episode_all_the_same() -> None:
    events = [*went("a"), ev.Cornered(position="a", reasons=()), ev.Escalated(reason="no path", to="boss")]
    kind = FailureKind.REFUSED
    state, commands = after([*events, started(ESCALATION, agent="boss")], failed(ESCALATION, kind))
    assert isinstance(commands[0], Finish)
    assert commands[0].status is Status.ESCALATED
    assert "the escalation agent failed" in commands[0].reason
    assert state.answer == "a says"


def test_a_cancelled_call_stays_charged_at_what_was_reserved_for_it() -> None:
    state, commands = after([accepted(), hop(START, "a"), started("a")], ev.Cancelled(reason="gone"))
    assert (state.charged, state.reserved) == (ONE, NOTHING)
    assert commands == (Finish(Status.CANCELLED, "gone"),)


def test_past_the_deadline_neither_hop_nor_retry_nor_repair_is_made() -> None:
    late = ev.DeadlinePassed(position=START)
    retrying: list[ev.Event] = [accepted(), hop(START, "a"), started("a"), failed("a")]
    repairing: list[ev.Event] = [accepted(), hop(START, "a"), started("a"), failed("a", FailureKind.REFUSED)]
    for events in (went(), retrying, repairing):
        state, commands = after(events, late)
        assert isinstance(commands[0], Finish)
        assert commands[0].status is Status.ESCALATED
        assert (state.target, state.phase) == (None, Phase.FINISHING)


@pytest.mark.parametrize(
    ("events", "illegal"),
    [
        ([accepted(), hop(START, "a")], succeeded("a")),
        ([accepted(), hop(START, "a")], failed("a")),
        ([accepted(), hop(START, "a"), started("a")], started("a")),
        ([accepted(), hop(START, "a"), started("a")], ev.BudgetRefused(node="a", reason="")),
        ([accepted(), hop(START, "a"), started("a")], succeeded("b")),
        ([accepted(), hop(START, "a"), started("a"), failed("a")], failed("a")),
        ([accepted(), hop(START, "a"), started("a"), failed("a")], started("a", 1)),
        ([accepted(), hop(START, "a"), started("a")], ev.DeadlinePassed(position=START)),
        ([accepted()], hop("a", "b")),
        ([accepted()], hop(START, ESCALATION)),
        ([accepted()], accepted()),
        (went("a"), hop("a", "a")),
    ],
)
def test_what_cannot_happen_now_is_illegal(events: list[ev.Event], illegal: ev.Event) -> None:
    with pytest.raises(IllegalEvent, match=illegal.kind):
        after(events, illegal)


def test_a_quality_may_be_given_again_after_the_end() -> None:
    ended = [*went("a"), hop("a", GOAL), ev.Finished(status=Status.COMPLETED, reason="")]
    given = [ev.QualityGiven(quality=q, source="user") for q in (0.2, 0.9)]
    assert fold([*ended, *given]).quality == 0.9
