"""A task is cancelled, handed over or lost just when its process talks to the store, or the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.silence import Silence
from stigmergy.domain import EpisodeId, Status
from stigmergy.errors import StoreUnavailable
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.platform.learning.replay import replay
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.records import Fence, StoredEvent
from stigmergy.platform.store.memory import MemoryJournal, MemoryStore
from stigmergy.platform.tasks import LeaseTerms, TaskDesk

Build = Callable[..., Any]
CANCELLED = "cancelled on request"


class Slow(MemoryJournal):
    """Stores what comes ``at``-th, and never says so."""

    def __init__(self, stands: Callable[[Fence], bool], at: int = 1) -> None:
        super().__init__(stands)
        self.at, self.stored = at, asyncio.Event()

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        await super().append(episode_id, events, fence)
        self.at -= 1
        if not self.at:
            self.stored.set()
            await asyncio.Event().wait()


class Away(MemoryJournal):
    """Cannot be read the first ``times`` times, and says when it was asked."""

    def __init__(self, stands: Callable[[Fence], bool], times: int) -> None:
        super().__init__(stands)
        self.times, self.asked = times, asyncio.Event()

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        self.asked.set()
        if self.times:
            self.times -= 1
            raise StoreUnavailable("memory://", "it is away")
        return await super().read(episode_id, after)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def slow(store: MemoryStore) -> Slow:
    journal = Slow(store._stands)
    store.journal = store.episodes._journal = journal
    return journal


@pytest.fixture
def made(house: Build, staged: Build, profile: Build) -> Any:
    return house(staged([[profile("a", 1)], [profile("b", 1)]]))


@pytest.fixture
def opened(store: MemoryStore) -> Build:
    """``opened(made, **terms)``: a desk."""

    def open_desk(made: Any, owner: str = "here", live: LiveEvents | None = None, **terms: Any) -> TaskDesk:
        return TaskDesk(
            engine=made.engine,
            store=store,
            clock=made.clock,
            owner=owner,
            summarise=lambda _: "{}",
            live=live,
            deliver=made.delivered.append,
            terms=LeaseTerms(**terms),
        )

    return open_desk


async def test_a_task_that_is_cancelled_while_its_step_is_committed_ends_as_cancelled_and_replays(
    made: Any, opened: Build, store: MemoryStore, slow: Slow
) -> None:
    desk = opened(made)
    await desk.accept(made.task(), "hash")
    await slow.stored.wait()
    await desk.cancel("task-1")
    record = (await desk.finished("task-1", 2)).record
    assert (record.status, record.reason) == (Status.CANCELLED, CANCELLED)
    assert (await replay(store, record.episode_id or "")).differences == ()
    assert made.calls("a") == 0


async def test_a_branch_that_is_stopped_while_its_step_is_committed_takes_nothing_from_its_task(
    house: Build, profile: Build, opened: Build, store: MemoryStore, slow: Slow
) -> None:
    slow.at = 3  # the start of the second step in branch two
    profiles = {name: profile(name, 1, timeout_s=0.05) for name in ("one", "first", "second")}
    profiles["instead"] = profile("instead", 9)
    fan = FanOutNode(
        branches={
            "one": Branch(graph=GraphSpec(stages=(("one",),))),
            "two": Branch(graph=GraphSpec(stages=(("first",), ("second",)))),
        }
    )
    graph = AgentGraph("linear", GraphSpec(nodes={"fan": fan}, stages=(("fan", "instead"),)), profiles)
    made = house(graph, {"one": [Silence()] * 2, "instead": ["done"]}, max_attempts=1)
    desk = opened(made)
    await desk.accept(made.task(), "hash")
    record = (await desk.finished("task-1", 2)).record
    assert (record.status, record.answer) == (Status.COMPLETED, "done")
    assert (await replay(store, record.episode_id or "")).differences == ()
    assert made.calls("second") == 0


async def test_an_heir_that_cannot_read_the_journal_waits_for_the_store(
    made: Any, opened: Build, store: MemoryStore
) -> None:
    store.journal = Away(store._stands, 1)
    await store.tasks.create(made.task(), "hash")
    desk = opened(made)
    await desk.take_over()
    assert (await desk.finished("task-1", 2)).record.status is Status.COMPLETED


async def test_a_cancellation_while_the_journal_is_read_is_not_missed(
    made: Any, opened: Build, store: MemoryStore
) -> None:
    store.journal = journal = Away(store._stands, 1)
    await store.tasks.create(made.task(), "hash")
    desk = opened(made)
    await desk.take_over()
    await journal.asked.wait()
    await desk.cancel("task-1")
    record = (await desk.finished("task-1", 2)).record
    assert (record.status, made.calls("a")) == (Status.CANCELLED, 0)


async def test_a_process_ends_although_the_store_is_away(
    house: Build, staged: Build, profile: Build, opened: Build, store: MemoryStore
) -> None:
    made = house(staged([[profile("a", 1)]]))
    store.journal = journal = Silent(store._stands)
    desk = opened(made, drain_s=0.01)
    desk.start()
    await desk.accept(made.task(), "hash")
    await journal.asked.wait()
    store.tasks.release = journal.gone  # type: ignore[method-assign, assignment]
    async with asyncio.timeout(4):
        await desk.aclose()
    assert (desk.in_flight, made.delivered) == (0, [])


class Asked:
    """A script that answers, and says when it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def line(self, call: int, request: Request) -> str:
        self.asked.set()
        return "done"


class Silent(MemoryJournal):
    """Takes nothing any more."""

    def __init__(self, stands: Callable[[Fence], bool]) -> None:
        super().__init__(stands)
        self.asked = asyncio.Event()

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        self.asked.set()
        await self.gone("")

    async def gone(self, _owner: str) -> int:
        raise StoreUnavailable("memory://", "it is away")


async def test_what_a_process_claimed_and_did_not_begin_is_handed_over_when_it_ends(
    made: Any, opened: Build, store: MemoryStore
) -> None:
    await store.tasks.create(made.task(), "hash")
    desk = opened(made)
    await store.tasks.claim(desk._lease(), made.clock.now())
    await desk.aclose()
    assert await opened(made, "heir").take_over() == 1


async def test_who_follows_a_task_whose_end_cannot_be_stored_is_let_go(
    made: Any, opened: Build, store: MemoryStore
) -> None:
    live = LiveEvents()
    desk = opened(made, live=live)
    finish, defects = store.tasks.finish, [ZeroDivisionError("a defect")]

    async def fails_once(*args: Any, **end: Any) -> Any:
        if defects:
            raise defects.pop()
        return await finish(*args, **end)

    store.tasks.finish = fails_once  # type: ignore[method-assign]
    await desk.accept(made.task(), "hash")
    assert (await desk.finished("task-1", 2)).record.status is Status.ESCALATED
    assert live.find("task-1") is None


async def test_a_round_that_meets_a_defect_is_not_the_last(
    house: Build, staged: Build, profile: Build, opened: Build, store: MemoryStore
) -> None:
    made = house(staged([[profile("b", 1)]]), {"b": Asked()})
    waiting, defects = store.tasks.waiting, [ZeroDivisionError("a defect")]

    async def fails_once(*now: Any) -> int:
        if defects:
            raise defects.pop()
        return await waiting(*now)

    store.tasks.waiting = fails_once  # type: ignore[method-assign, assignment]
    await store.tasks.create(replace(made.task(), id="late"), "hash")
    desk = opened(made, claim_poll_s=0.01)
    desk.start()
    async with asyncio.timeout(2):
        await made.agents["b"]._script.asked.wait()
        await desk.finished("late")
        await desk.aclose()
    assert defects == []
