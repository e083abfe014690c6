"""A process dies in the middle of a task, and another one goes on from its journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.scripted import Line
from stigmergy.agents.silence import Silence
from stigmergy.domain import Status
from stigmergy.platform.learning.replay import replay
from stigmergy.platform.learning.verify import Verdict, verify
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.tasks import TaskDesk
from stigmergy.routers.base import RoutingState, Scores
from stigmergy.routers.price_baselines import CheapestRouter

Build = Callable[..., Any]


class HangsOnce:
    """An agent whose first call is never answered."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def line(self, call: int, request: Request) -> Line:
        self.asked.set()
        return "done" if call else Silence()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def hangs() -> HangsOnce:
    return HangsOnce()


@pytest.fixture
def made(house: Build, staged: Build, profile: Build, hangs: HangsOnce) -> Any:
    return house(
        staged([[profile("quick", 1)], [profile("hangs", 2, timeout_s=0.05)], [profile("last", 4)]]), {"hangs": hangs}
    )


@pytest.fixture
def desk(made: Any, store: MemoryStore) -> Callable[[str], TaskDesk]:
    def build(owner: str) -> TaskDesk:
        return TaskDesk(
            engine=made.engine,
            store=store,
            clock=made.clock,
            owner=owner,
            summarise=lambda ran: f'{{"charged": {ran.episode.charged_usd}}}',
            deliver=made.delivered.append,
        )

    return build


async def test_the_heir_calls_no_finished_step_again_and_charges_what_hung(
    made: Any, desk: Callable[[str], TaskDesk], store: MemoryStore, hangs: HangsOnce
) -> None:
    first, heir = desk("first"), desk("heir")
    await first.accept(made.task(), "hash")
    await hangs.asked.wait()
    made.clock.advance(60)
    assert await heir.take_over() == 1
    answered = await heir.finished("task-1")
    assert (answered.record.status, answered.record.owner) == (Status.COMPLETED, "heir")
    assert answered.record.attempts == 2
    assert [made.calls(agent) for agent in ("quick", "hangs", "last")] == [1, 2, 1]
    keys = {request.step_key for request in made.agents["hangs"].requests}
    assert len(keys) == 1
    (ran,) = made.delivered
    assert ran.episode.charged_usd == 1 + 2 + 2 + 4
    episode_id = answered.record.episode_id or ""
    assert (await replay(store, episode_id)).differences == ()
    assert (await verify(store, episode_id)).verdict is Verdict.INTACT


async def test_who_was_only_slow_finds_its_task_gone_and_writes_nothing(
    made: Any, desk: Callable[[str], TaskDesk], store: MemoryStore, hangs: HangsOnce
) -> None:
    first, heir = desk("first"), desk("heir")
    await first.accept(made.task(), "hash")
    await hangs.asked.wait()
    made.clock.advance(60)
    await heir.take_over()
    ended = await heir.finished("task-1")
    late = await first.finished("task-1")
    assert late.record == ended.record
    assert len(made.delivered) == 1


async def test_a_journal_that_cannot_be_read_ends_its_task_and_says_which_event(
    made: Any, desk: Callable[[str], TaskDesk], store: MemoryStore, hangs: HangsOnce
) -> None:
    first, heir = desk("first"), desk("heir")
    record = await first.accept(made.task(), "hash")
    await hangs.asked.wait()
    events = store.journal.events[record.episode_id or ""]
    events[1] = replace(events[1], payload="{}")
    made.clock.advance(60)
    await heir.take_over()
    ended = (await heir.finished("task-1")).record
    assert ended.status is Status.REFUSED
    assert f"event 1 of episode {record.episode_id!r} cannot be read" in ended.reason


async def test_the_heir_weighs_money_as_the_journal_says(
    house: Build, staged: Build, profile: Build, hangs: HangsOnce, store: MemoryStore
) -> None:
    trading = Trading()
    # Where one hop is left no router is asked.
    graph = staged([[profile("hangs", 2, timeout_s=0.05)], [profile("last", 4), profile("other", 5)]])
    made = house(graph, {"hangs": hangs}, router=trading)
    first, heir = (
        TaskDesk(engine=made.engine, store=store, clock=made.clock, owner=owner, summarise=str, deliver=lambda _: None)
        for owner in ("first", "heir")
    )
    await first.accept(made.task(), "hash")
    await hangs.asked.wait()
    trading.trade_off = 7.0
    made.clock.advance(60)
    assert await heir.take_over() == 1
    await heir.finished("task-1")
    assert set(trading.seen) == {0.3}


class Trading(CheapestRouter):
    """Notes what it is told to weigh money with."""

    def __init__(self) -> None:
        super().__init__()
        self.trade_off = 0.3
        self.seen: list[float | None] = []

    def scores(self, state: RoutingState) -> Scores:
        self.seen.append(state.trade_off)
        return super().scores(state)
