from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.silence import Silence
from stigmergy.domain import AgentProfile, Budget, FailureKind, Status
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.learning.outcomes import outcome_of

Build = Callable[..., Any]
DOWN = FailureKind.REFUSED


def arm(*stages: tuple[str, ...], required: bool = True, loss: float = 0.0, **spec: Any) -> Branch:
    return Branch(graph=GraphSpec(stages=stages, **spec), required=required, loss=loss)


def extra(*stages: tuple[str, ...], **spec: Any) -> Branch:
    return arm(*stages, required=False, loss=0.1, **spec)


@pytest.fixture
def graph(profile: Build) -> Callable[..., AgentGraph]:
    """``graph(stages, {fan: branches}, prices={}, **fan facts)``."""

    def made(
        stages: tuple[tuple[str, ...], ...],
        branches: dict[str, Branch],
        prices: dict[str, int] | None = None,
        escalation: str | None = None,
        **facts: Any,
    ) -> AgentGraph:
        names = "abcdefxyz"
        profiles: dict[str, AgentProfile] = {n: profile(n, (prices or {}).get(n, 1)) for n in names}
        spec = GraphSpec(nodes={"fan": FanOutNode(branches=branches, **facts)}, stages=stages, escalation=escalation)
        return AgentGraph("linear", spec, profiles)

    return made


@dataclass(frozen=True)
class Meets(Silence):
    """A line that waits until as many calls as the barrier needs are made at the same time."""

    barrier: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(2))

    async def keep(self, agent: str, timeout_s: float) -> None:  # type: ignore[override]
        await self.barrier.wait()

    def __str__(self) -> str:
        return "met"


class Always:
    def __init__(self, line: Any) -> None:
        self._line = line

    def line(self, call: int, request: Request) -> Any:
        return self._line


def checked(ran: Ran) -> Ran:
    """What holds for every run: its stored events fold back to it, its books balance, no failure is silent."""
    events = [recorded.event for recorded in ran.events]
    state = fold(decode(encode(event)) for event in events)
    assert (state.status, state.route, state.answer) == (ran.episode.status, ran.episode.route, ran.episode.answer)
    assert (state.dropped, state.failures) == (ran.episode.dropped, ran.episode.failures)
    assert state.branches == {}
    assert silent_failures(events) == 0
    assert outcome_of("ep", events).cost_usd == float(state.charged.usd)
    return ran


def of(ran: Ran, kind: type[Any]) -> list[Any]:
    return [recorded.event for recorded in ran.events if isinstance(recorded.event, kind)]


async def test_an_agent_refines_what_the_branches_gave(house: Build, graph: Build) -> None:
    built = graph((("a",), ("fan",)), {"one": arm(("x",)), "two": arm(("y",))}, join="refine", refiner="z")
    made = house(built, {"x": ["ex"], "y": ["why"], "z": ["both"]})
    ran = checked(await made.run())
    assert (ran.episode.status, ran.episode.route, ran.episode.answer) == (
        Status.COMPLETED,
        ("a", "fan", "fan.refined"),
        "both",
    )
    told = made.agents["z"].requests[0].replies[-1].text
    assert "ex" in told
    assert "why" in told


async def test_branches_run_side_by_side_and_are_joined(house: Build, graph: Build) -> None:
    meeting = Meets()
    made = house(
        graph((("a",), ("fan",), ("b",)), {"one": arm(("x",)), "two": arm(("y",), ("z",))}, join="concatenate"),
        {"x": Always(meeting), "y": Always(meeting)},
    )
    ran = checked(await asyncio.wait_for(made.run(), 5))
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("a", "fan", "b"))
    assert ran.episode.charged_usd == Decimal(5)
    assert ran.episode.usage.model_calls == 5
    (told,) = made.agents["b"].requests
    assert [(reply.node, reply.text) for reply in told.replies] == [("a", "a"), ("fan", "met\n\nz")]
    (inside,) = made.agents["z"].requests
    assert [reply.text for reply in inside.replies] == ["a", "met"]
    assert inside.step_key == "ep/fan/two/z/4"
    steps = outcome_of("ep", [recorded.event for recorded in ran.events]).steps
    assert [(step.node, step.agent, step.usage.model_calls) for step in steps] == [
        ("a", "a", 1),
        ("fan", "", 3),
        ("b", "b", 1),
    ]


async def test_most_voices_win(house: Build, graph: Build) -> None:
    arms = {"one": arm(("x",)), "two": arm(("y",)), "three": arm(("z",))}
    ran = checked(await house(graph((("fan",),), arms), {"x": ["no"], "y": ["Yes "], "z": ["yes"]}).run())
    assert ran.episode.answer == "Yes "
    assert of(ran, ev.Joined)[0].reply.confidence == pytest.approx(2 / 3)


async def test_a_lost_optional_branch_is_a_demotion_that_names_it(house: Build, graph: Build) -> None:
    made = house(graph((("fan",),), {"one": arm(("x",)), "two": extra(("y",))}), {"y": [DOWN]})
    ran = checked(await made.run())
    assert (ran.episode.status, ran.episode.dropped, ran.episode.reason) == (
        Status.DEMOTED,
        ("fan/two",),
        "without fan/two",
    )
    assert [failure.node for failure in ran.episode.failures] == ["fan/two/y"]
    (lost,) = of(ran, ev.BranchLost)
    assert (lost.branch, lost.required, lost.loss) == ("fan/two", False, 0.1)


async def test_a_branch_heals_inside_itself(house: Build, graph: Build) -> None:
    made = house(graph((("fan",),), {"one": arm(("x", "y")), "two": arm(("z",))}), {"x": [DOWN]})
    ran = checked(await made.run())
    assert (ran.episode.status, ran.episode.reroutes) == (Status.COMPLETED, 1)
    assert [event.branch for event in of(ran, ev.Rerouted)] == ["fan/one"]
    assert made.calls("z") == 1


async def test_a_lost_required_branch_fails_the_fan_out_and_the_outer_path_heals(house: Build, graph: Build) -> None:
    never = Always(Silence())
    made = house(
        graph((("a",), ("fan", "b"), ("c",)), {"one": arm(("x",)), "two": arm(("y",))}, {"b": 9}),
        {"x": [DOWN], "y": never},
    )
    ran = checked(await asyncio.wait_for(made.run(), 5))
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("a", "b", "c"))
    (stopped,) = of(ran, ev.Cancelled)
    assert (stopped.branch, stopped.reason) == ("fan/two", "the required branch one was lost")
    assert ran.episode.charged_usd == Decimal(1 + 1 + 9 + 1), "the branch that was stopped is charged"
    assert made.health.overlay().of("y").load == 0


async def test_without_a_way_round_the_fan_out_it_is_an_escalation(house: Build, graph: Build) -> None:
    ran = checked(await house(graph((("fan",),), {"one": arm(("x",))}, escalation="f"), {"x": [DOWN]}).run())
    assert (ran.episode.status, ran.episode.answer) == (Status.ESCALATED, "f")
    assert "branch one" in ran.episode.reason


async def test_the_first_good_answer_ends_the_race_and_losers_are_charged(house: Build, graph: Build) -> None:
    arms = {"one": arm(("x",)), "two": arm(("y",)), "three": arm(("z",))}
    made = house(
        graph((("fan",),), arms, {"y": 4}, join="first_good"),
        {"x": [Reply(text="?", answered=False)], "y": Always(Silence()), "z": ["good"]},
    )
    ran = checked(await asyncio.wait_for(made.run(), 5))
    assert (ran.episode.status, ran.episode.answer, ran.episode.dropped) == (Status.COMPLETED, "good", ())
    assert ran.episode.charged_usd == Decimal(1 + 4 + 1)
    assert [event.branch for event in of(ran, ev.Cancelled)] == ["fan/two"]


@pytest.mark.parametrize("rule", ["vote", "weighted_vote"])
async def test_a_sure_majority_stops_the_rest(house: Build, graph: Build, rule: str) -> None:
    arms = {"one": arm(("x",)), "two": arm(("y",)), "three": arm(("z",))}
    made = house(graph((("fan",),), arms, join=rule, stop_at=0.6), {"x": ["4"], "y": ["4"], "z": Always(Silence())})
    ran = checked(await asyncio.wait_for(made.run(), 5))
    assert (ran.episode.answer, ran.episode.charged_usd) == ("4", Decimal(3))
    assert of(ran, ev.Cancelled)[0].reason == "the leading answer has 67% of the votes, enough at 60%"


async def test_an_optional_branch_starts_only_from_what_is_left(house: Build, graph: Build) -> None:
    made = house(graph((("fan",), ("b",)), {"one": arm(("x",)), "two": extra(("y",)), "three": extra(("z",))}))
    ran = checked(await made.run(Budget(max_usd=Decimal(3))))
    assert (ran.episode.status, ran.episode.dropped) == (Status.DEMOTED, ("fan/three",))
    assert (made.calls("y"), made.calls("z"), ran.episode.charged_usd) == (1, 0, Decimal(3))
    assert of(ran, ev.BranchesStarted)[0].left_out == (("three", "too little is left for it"),)


async def test_a_repair_takes_nothing_that_others_were_promised(house: Build, graph: Build) -> None:
    # x fails; y would do, but what it needs is set aside for the other branch and for what follows the fan-out.
    arms = {"one": arm(("x", "y")), "two": arm(("z",))}
    made = house(graph((("fan",), ("b",)), arms, {"y": 2, "z": 2, "b": 2}), {"x": [DOWN]})
    short = checked(await made.run(Budget(max_usd=Decimal("5"))))
    assert (short.episode.status, made.calls("y")) == (Status.ESCALATED, 0)
    enough = checked(await made.run(Budget(max_usd=Decimal("7")), episode_id="other"))
    assert (enough.episode.status, made.calls("y")) == (Status.COMPLETED, 1)


async def test_fan_outs_nest(house: Build, graph: Build) -> None:
    deep = FanOutNode(branches={"p": arm(("x",)), "q": extra(("y",))}, join="concatenate")
    arms = {"one": arm(("a",), ("deep",), nodes={"deep": deep}), "two": arm(("z",))}
    made = house(graph((("fan",),), arms, join="concatenate"), {"y": [DOWN]})
    ran = checked(await made.run())
    assert (ran.episode.status, ran.episode.dropped) == (Status.DEMOTED, ("fan/one/deep/q",))
    assert ran.episode.answer == "x\n\nz"
    assert [failure.node for failure in ran.episode.failures] == ["fan/one/deep/q/y"]


async def test_cancelling_the_whole_stops_every_branch_and_charges_what_was_open(house: Build, graph: Build) -> None:
    gone = asyncio.Barrier(3)

    class Tells(Meets):
        async def keep(self, agent: str, timeout_s: float) -> None:  # type: ignore[override]
            await gone.wait()
            await asyncio.Event().wait()

    deep = FanOutNode(branches={"p": arm(("x",))})
    made = house(
        graph((("fan",),), {"one": arm(("deep",), nodes={"deep": deep}), "two": arm(("y",))}),
        {"x": Always(Tells()), "y": Always(Tells())},
    )
    running = asyncio.create_task(made.run())
    await asyncio.wait_for(gone.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (ran,) = made.delivered
    assert (checked(ran).episode.status, ran.episode.charged_usd) == (Status.CANCELLED, Decimal(2))
    assert {made.health.overlay().of(agent).load for agent in "xy"} == {0}
