from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.silence import Silence
from stigmergy.domain import GOAL, START, AgentProfile, Budget, FailureKind, Spend, Status, Usage
from stigmergy.errors import BudgetTooSmall, UnknownGraph, UnknownRouter
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.events import DecidedBy
from stigmergy.routers.base import Outcome, RoutingState, Scores
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import EpsilonGreedy, Softmax
from stigmergy.testing import EPOCH, FakeClock

Build = Callable[..., Any]


def hops(ran: Ran) -> list[ev.HopChosen]:
    return [r.event for r in ran.events if isinstance(r.event, ev.HopChosen)]


async def test_a_task_runs_from_start_to_goal(house: Build, staged: Build, profile: Build, kinds: Build) -> None:
    made = house(staged([[profile("a", 1)], [profile("b", 2), profile("c", 3)]]))
    ran = await made.run()
    step = ["hop_chosen", "call_started", "call_succeeded"]
    assert kinds(ran) == ["accepted", *step, *step, "hop_chosen", "finished"]
    episode = ran.episode
    assert (episode.status, episode.route, episode.answer) == (Status.COMPLETED, ("a", "b"), "b")
    assert (episode.charged_usd, episode.usage.usd, episode.usage.model_calls) == (Decimal(3), Decimal(3), 2)
    assert (episode.reroutes, episode.failures, episode.control_llm_calls) == (0, (), 0)
    assert made.delivered == [ran]
    assert fold(recorded.event for recorded in ran.events).answer == "b"


async def test_an_agent_sees_the_task_and_the_committed_replies_but_never_the_reference(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a")], [profile("b")]]))
    await made.run(text="2+2?", reference="4", task_type="math", labels={"who": "me"})
    (request,) = made.agents["b"].requests
    assert (request.text, request.task_type, request.labels) == ("2+2?", "math", {"who": "me"})
    assert [(reply.node, reply.text) for reply in request.replies] == [("a", "a")]
    assert "4" not in repr(request)
    assert request.step_key != made.agents["a"].requests[0].step_key


async def test_what_does_not_fit_is_refused_before_anything_is_called(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a", 1)]]))
    with pytest.raises(UnknownGraph):
        await made.run(graph="other")
    with pytest.raises(UnknownRouter):
        await made.run(router="other")
    with pytest.raises(BudgetTooSmall):
        await made.run(Budget(max_usd=Decimal("0.5")))
    assert (made.delivered, made.calls("a")) == ([], 0)


async def test_the_logged_probabilities_are_the_true_distribution(house: Build, staged: Build, profile: Build) -> None:
    graph = staged([[profile("a", 1), profile("b", 2), profile("c", 3)]])
    made = house(graph, selection=EpsilonGreedy(0.6), seed=5)
    taken = Counter([(await made.run(episode_id=f"e{n}")).episode.route[0] for n in range(600)])
    first, last = hops(made.delivered[0])
    logged = {option.node: option.probability for option in first.options}
    assert logged == pytest.approx({"a": 0.6, "b": 0.2, "c": 0.2})
    assert all(hops(ran)[0].probability == logged[hops(ran)[0].node] for ran in made.delivered)
    for node, probability in logged.items():
        assert taken[node] / 600 == pytest.approx(probability, abs=0.06)
    assert (first.decided_by, last.decided_by, last.probability) == (DecidedBy.ROUTER, DecidedBy.FORCED, 1.0)


async def test_one_seed_runs_the_same_way_twice(house: Build, staged: Build, profile: Build) -> None:
    graph = staged([[profile("a"), profile("b")], [profile("c"), profile("d")]])
    routes = []
    for _ in range(2):
        made = house(graph, router=RandomRouter(), selection=Softmax(1.0), seed=3)
        routes.append([(await made.run(episode_id=str(n))).episode.route for n in range(10)])
    assert routes[0] == routes[1]
    assert len(set(routes[0])) > 1


class Broken:
    """A router whose every score is a defect."""

    def __init__(self, scores: Scores | None = None) -> None:
        self._scores = scores

    def scores(self, state: RoutingState) -> Scores:
        if self._scores is None:
            raise ZeroDivisionError("a defect")
        return self._scores

    def learn(self, outcome: Outcome) -> None:
        raise ZeroDivisionError("another defect")


@pytest.mark.parametrize("router", [Broken(), Broken(Scores((float("nan"),) * 9)), Broken(Scores(()))])
async def test_where_the_router_fails_dijkstra_takes_over(
    house: Build, staged: Build, profile: Build, kinds: Build, router: Broken
) -> None:
    made = house(staged([[profile("a", 5), profile("b", 1)], [profile("c", 1)]]), router=router)
    ran = await made.run()
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("b", "c"))
    assert kinds(ran)[1:4] == ["cornered", "rerouted", "hop_chosen"]
    assert [hop.decided_by for hop in hops(ran)] == [DecidedBy.HEALING, DecidedBy.FORCED, DecidedBy.FORCED]
    assert ran.episode.control_llm_calls == 0


async def test_where_one_hop_is_left_no_router_is_asked_and_the_log_says_so(
    house: Build, staged: Build, profile: Build
) -> None:
    ran = await house(staged([[profile("a", 1)], [profile("b", 1)]]), router=Broken()).run()
    assert ran.episode.status is Status.COMPLETED
    for hop in hops(ran):
        assert (hop.decided_by, hop.probability, hop.policy_version) == (DecidedBy.FORCED, 1.0, "p1")
        assert [(each.node, each.score, each.probability) for each in hop.options] == [(hop.node, None, 1.0)]


async def test_planning_calls_no_agent_and_takes_the_best_score(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("a", 2), profile("b", 1)], [profile("c")]]), selection=Softmax(100.0))
    for _ in range(5):
        plan = made.engine.plan(made.task(Budget(max_usd=Decimal(3))))
        assert [hop.node for hop in plan.hops] == ["b", "c", GOAL]
    assert made.delivered == []
    assert not any(agent.requests for agent in made.agents.values())


async def test_a_plan_that_meets_an_impasse_ends_with_it(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("a")], [profile("b")]]))
    made.health.trip("b")
    (impasse,) = made.engine.plan(made.task()).hops
    assert isinstance(impasse, ev.Cornered)
    assert impasse.reasons == (("a", "every way on from it is closed"),)


class Tells:
    """A script that says when it is called, and then nothing more."""

    def __init__(self, called: asyncio.Event) -> None:
        self._called = called

    def line(self, call: int, request: Request) -> Silence:
        self._called.set()
        return Silence()


class TakesTime:
    """A script whose every call takes the same time."""

    def __init__(self, clock: FakeClock, seconds: float, line: Any = "done") -> None:
        self._clock, self._seconds, self._line = clock, seconds, line

    def line(self, call: int, request: Request) -> Any:
        self._clock.advance(self._seconds)
        return self._line


async def test_past_the_deadline_the_result_is_partial_and_escalated(
    house: Build, staged: Build, profile: Build
) -> None:
    clock = FakeClock()
    graph = staged([[profile("a", timeout_s=9.0)], [profile("b")]])
    made = house(graph, {"a": TakesTime(clock, 2.0, "half of it")}, clock=clock)
    ran = await made.run(Budget(deadline=EPOCH + timedelta(seconds=1.5)))
    assert (ran.episode.status, ran.episode.answer, ran.episode.route) == (Status.ESCALATED, "half of it", ("a",))
    assert "deadline" in ran.episode.reason
    assert made.agents["a"].requests[0].timeout_s == 1.5
    assert made.calls("b") == 0


async def test_a_call_that_failed_past_the_deadline_is_not_made_again(
    house: Build, staged: Build, profile: Build, kinds: Build
) -> None:
    clock = FakeClock()
    made = house(staged([[profile("a")]]), {"a": TakesTime(clock, 2.0, FailureKind.ERROR)}, clock=clock)
    ran = await made.run(Budget(deadline=EPOCH + timedelta(seconds=1)))
    assert (made.calls("a"), ran.episode.status) == (1, Status.ESCALATED)
    assert kinds(ran)[-3:] == ["call_failed", "deadline_passed", "finished"]


async def test_a_cancelled_run_is_delivered_with_its_worst_case_charged(
    house: Build, staged: Build, profile: Build, kinds: Build
) -> None:
    called = asyncio.Event()
    made = house(staged([[profile("a", 2)], [profile("b", 3)]]), {"b": Tells(called)})
    job = asyncio.create_task(made.run())
    await called.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    (ran,) = made.delivered
    assert (ran.episode.status, ran.episode.route, ran.episode.answer) == (Status.CANCELLED, ("a",), "a")
    assert ran.episode.charged_usd == 5
    assert kinds(ran)[-2:] == ["cancelled", "finished"]
    assert made.health.overlay().of("b").load == 0


async def test_without_a_path_the_escalation_agent_is_asked_and_counted_apart(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a")]], extra=[profile("boss", 4)], escalation="boss")
    made = house(graph, {"a": [FailureKind.REFUSED], "boss": ["ask a person"]})
    episode = (await made.run()).episode
    assert (episode.status, episode.answer, episode.control_llm_calls) == (Status.ESCALATED, "ask a person", 1)
    assert (episode.charged_usd, episode.route) == (Decimal(4), ())


async def test_an_escalation_agent_that_fails_is_tried_again_and_then_the_caller_decides(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a")]], extra=[profile("boss")], escalation="boss")
    made = house(graph, {"a": [FailureKind.REFUSED], "boss": [FailureKind.OVERLOADED]})
    episode = (await made.run()).episode
    assert (episode.status, made.calls("boss")) == (Status.ESCALATED, 2)
    assert "the escalation agent failed" in episode.reason


async def test_dropping_optional_work_is_a_demotion_that_says_so(house: Build, profile: Build) -> None:
    nodes = {"check": AgentNode(agent="check", optional=True, loss=0.1)}
    profiles: dict[str, AgentProfile] = {name: profile(name) for name in ("a", "check", "b")}
    graph = AgentGraph("linear", GraphSpec(nodes=nodes, stages=(("a",), ("check",), ("b",))), profiles)
    episode = (await house(graph, {"check": [FailureKind.REFUSED]}).run()).episode
    assert (episode.status, episode.dropped, episode.route) == (Status.DEMOTED, ("check",), ("a", "b"))
    assert (episode.reroutes, episode.answer) == (0, "b")


async def test_a_planned_agent_that_went_down_on_the_way_is_repaired_before_it_is_called(
    house: Build, profile: Build
) -> None:
    nodes = {name: AgentNode(agent=name, optional=True, loss=0.1) for name in ("check", "tail")}
    edges = {START: ("check",), "check": ("b",), "b": ("tail",), "tail": (GOAL,)}
    profiles: dict[str, AgentProfile] = {name: profile(name) for name in ("check", "b", "tail")}
    made = house(AgentGraph("linear", GraphSpec(nodes=nodes, edges=edges), profiles), {"check": [FailureKind.REFUSED]})
    made.agents["b"]._script = Trips(made, "tail")
    episode = (await made.run()).episode
    assert (made.calls("tail"), episode.dropped, episode.status) == (0, ("check", "tail"), Status.DEMOTED)


class Trips:
    """A script under which another agent goes down."""

    def __init__(self, house: Any, other: str) -> None:
        self._house, self._other = house, other

    def line(self, call: int, request: Request) -> Reply:
        self._house.health.trip(self._other)
        return Reply(text="done", usage=Usage(1, 1, 1, Decimal(1)))


async def test_every_episode_is_its_own_ledger(house: Build, staged: Build, profile: Build) -> None:
    made = house(staged([[profile("a", 1)]]))
    budget = Budget(max_usd=Decimal(1))
    runs = await asyncio.gather(*(made.run(budget, episode_id=str(n)) for n in range(8)))
    assert {ran.episode.charged_usd for ran in runs} == {Decimal(1)}
    assert all(fold(r.event for r in ran.events).charged == Spend(Decimal(1), 0, 1) for ran in runs)
