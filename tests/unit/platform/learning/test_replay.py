"""Whatever the engine made of an episode, its stored events lead to its stored summary, and only they do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.scripted import ERRORS, InOrder, Line
from stigmergy.agents.silence import Silence
from stigmergy.domain import Budget, FailureKind, Status, Task, Usage
from stigmergy.errors import AgentLost, BudgetTooSmall, EpisodeNotFound
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode
from stigmergy.platform.debrief import Debrief
from stigmergy.platform.engine import Ran
from stigmergy.platform.learning.replay import JOURNAL, replay
from stigmergy.platform.learning.verify import Verdict, verify
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.records import Feedback, Fence
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.task_journal import TaskJournal
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.selection import Softmax
from stigmergy.testing import EPOCH, FakeClock

Build = Callable[..., Any]
ODD = Reply(text="odd \u202e", usage=Usage(3, 1, 2, Decimal("0.00000000049"), 0.1 + 0.2, 2), data={"x": float("inf")})
LINES: list[Line] = ["fine", "fine", ODD, *ERRORS, AgentLost("x", "gone")]


class Fond:
    """An evaluator that likes everything."""

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        return 0.75


class Tells:
    """A script that says when it is asked, and then nothing."""

    def __init__(self, called: asyncio.Event) -> None:
        self._called = called

    def line(self, call: int, request: Request) -> Line:
        self._called.set()
        return Silence()


async def kept(ran: Ran, *feedback: float, judged: bool) -> MemoryStore:
    """A store with the run in it, as the platform keeps it."""
    store = MemoryStore()
    evaluators = {"linear": Fond()} if judged else {}
    rng = random.Random(1)
    debrief = Debrief(store=store, evaluators=evaluators, routers={}, clock=FakeClock(), rng=rng)
    journal = TaskJournal(store.journal, LiveEvents(), Fence(ran.task.id, 0), ran.episode.id)
    closing = journal.closing(ran)
    await store.journal.append(ran.episode.id, closing.events)
    await store.episodes.save(closing.episode)
    debrief.start()
    debrief.take(ran)
    await debrief.drain()
    for quality in feedback:
        await debrief.feedback(Feedback(ran.episode.id, quality, "user", None, EPOCH))
    await debrief.aclose()
    return store


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_the_engine_made_replays_to_the_same_and_its_chain_is_intact(
    house: Build, graphs: st.SearchStrategy[AgentGraph], budgets: st.SearchStrategy[Budget], data: st.DataObject
) -> None:
    graph, qualities = data.draw(graphs), st.floats(0, 1)
    scripts = {
        node: InOrder(data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))) for node in graph.nodes
    }
    made = house(graph, scripts, router=RandomRouter(), selection=Softmax(1.0), seed=data.draw(st.integers(0, 9)))
    budget, feedback = data.draw(budgets), data.draw(st.lists(qualities, max_size=2))
    judged = data.draw(st.booleans())

    async def check() -> None:
        try:
            ran = await made.run(budget)
        except BudgetTooSmall:
            return
        store = await kept(ran, *feedback, judged=judged)
        assert (await replay(store, "ep")).differences == ()
        assert (await verify(store, "ep")).verdict is Verdict.INTACT
        assert (await replay(store, "ep")).events == len(ran.events) + judged + len(feedback)

    asyncio.run(check())


@pytest.fixture
def demoted(house: Build, staged: Build, profile: Build) -> Any:
    """A house whose optional check refuses."""
    nodes = {"check": AgentNode(agent="check", optional=True, loss=0.1)}
    graph = staged([[profile("a")], [profile("check")]], nodes=nodes)
    return house(graph, {"check": [FailureKind.REFUSED]})


async def test_a_demotion_replays_to_the_same(demoted: Any) -> None:
    ran = await demoted.run()
    assert ran.episode.status is Status.DEMOTED
    assert (await replay(await kept(ran, 0.25, judged=True), "ep")).differences == ()


async def test_a_run_that_was_cancelled_in_a_call_replays_to_the_same(
    house: Build, staged: Build, profile: Build
) -> None:
    called = asyncio.Event()
    made = house(staged([[profile("a", 3)]]), {"a": Tells(called)})
    running = asyncio.create_task(made.run())
    await called.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    (cancelled,) = made.delivered
    assert (cancelled.episode.status, cancelled.episode.charged_usd) == (Status.CANCELLED, 3)
    assert (await replay(await kept(cancelled, judged=False), "ep")).differences == ()


EDITS: Mapping[str, Any] = {
    "task_id": "other",
    "graph": "other",
    "router": "other",
    "task_type": "other",
    "status": Status.COMPLETED,
    "reason": "other",
    "route": ("check", "a"),
    "answer": "other",
    "usage": Usage(1, 1, 1, Decimal(1), 1.0),
    "charged_usd": Decimal("0.000000001"),
    "reroutes": 9,
    "failures": (),
    "dropped": (),
    "control_llm_calls": 9,
    "quality": 1.0,
    "policy": "other",
}


@pytest.mark.parametrize("field", EDITS)
async def test_a_changed_summary_is_told_with_both_values(demoted: Any, field: str) -> None:
    store = await kept(await demoted.run(), judged=False)
    right = await store.episodes.get("ep")
    store.episodes.episodes["ep"] = replace(right, **{field: EDITS[field]})
    (difference,) = (await replay(store, "ep")).differences
    assert (difference.field, difference.stored) == (field, EDITS[field])
    assert difference.replayed == getattr(right, field)


@pytest.mark.parametrize(
    ("seq", "facts", "told"),
    [
        (1, {"payload": "{}"}, "event 1 is no event"),
        (1, {"kind": "finished"}, "event 1 is filed as 'finished' and is a 'hop_chosen'"),
        (0, {"payload": '{"kind":"cancelled","reason":"-"}', "kind": "cancelled"}, "event 0 cannot follow"),
    ],
)
async def test_events_that_lead_nowhere_are_told(demoted: Any, seq: int, facts: dict[str, str], told: str) -> None:
    store = await kept(await demoted.run(), judged=False)
    events = store.journal.events["ep"]
    events[seq] = replace(events[seq], **facts)  # type: ignore[arg-type]
    (difference,) = (await replay(store, "ep")).differences
    assert (difference.field, difference.stored) == (JOURNAL, "demoted")
    assert told in str(difference.replayed)


async def test_a_journal_that_was_cut_or_emptied_is_told(demoted: Any) -> None:
    store = await kept(await demoted.run(), judged=False)
    for left in (3, 0):
        events = store.journal.events["ep"]
        store.journal.events["ep"] = {seq: events[seq] for seq in range(left)}
        (difference,) = (await replay(store, "ep")).differences
        assert f"{left} events do not reach an end" in str(difference.replayed)


async def test_an_episode_that_is_not_there_is_not_found() -> None:
    with pytest.raises(EpisodeNotFound):
        await replay(MemoryStore(), "nobody")
