from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stigmergy.domain import Status
from stigmergy.errors import TaskNotFound
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.codec import encode
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.records import StoredEvent, TaskRecord
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.task_events import TaskEvents
from stigmergy.testing import EPOCH, task

VERSIONS = ev.Versions(graph="1", policy="1", config="1", features="1")
ACCEPTED = ev.Accepted(
    task_id="task-1", graph="g", router="r", versions=VERSIONS, mixture={}, complexity=0, max_attempts=1
)
EVENTS: tuple[ev.Event, ...] = (
    ACCEPTED,
    ev.DeadlinePassed(position="a"),
    ev.Finished(status=Status.ESCALATED, reason="late"),
)


class House:
    """A store with one task, and what watches it."""

    def __init__(self) -> None:
        self.store, self.live = MemoryStore(), LiveEvents()
        self.told = TaskEvents(self.store, self.live, ask_again_s=0.001)

    async def begin(self, episode_id: str = "e") -> None:
        await self.store.tasks.create(task(), "body")
        await self.store.tasks.mark_running("task-1", "w", episode_id, EPOCH)

    async def keep(self, *events: ev.Event, episode_id: str = "e", first: int = 0) -> None:
        stored = [
            StoredEvent(episode_id, seq, event.kind, encode(event), 1, EPOCH) for seq, event in enumerate(events, first)
        ]
        await self.store.journal.append(episode_id, stored)

    async def end(self) -> None:
        await self.store.tasks.finish("task-1", status=Status.ESCALATED, reason="late", at=EPOCH)

    async def read(self, after: int = -1) -> list[Any]:
        return [shown(each) async for each in self.told.tail("task-1", after)]


def shown(told: Any) -> Any:
    return told.status.value if isinstance(told, TaskRecord) else (told.seq, told.kind)


ALL = [(0, "accepted"), (1, "deadline_passed"), (2, "finished"), "escalated"]


@pytest.fixture
def house() -> House:
    return House()


async def test_what_ran_elsewhere_is_told_from_the_journal_and_resumed_anywhere(house: House) -> None:
    await house.begin()
    await house.keep(*EVENTS)
    await house.end()
    assert await house.read() == ALL
    assert [await house.read(after) for after in (0, 1, 2, 99)] == [ALL[1:], ALL[2:], ALL[3:], ALL[3:]]


async def test_what_runs_here_is_told_live_before_anything_is_stored(house: House) -> None:
    await house.begin()
    house.live.begin("task-1", "e")
    tail = house.told.tail("task-1")
    for number, event in enumerate(EVENTS):
        house.live.publish("e", event)
        assert shown(await anext(tail)) == ALL[number]
    await house.end()
    assert shown(await anext(tail)) == "escalated"
    assert await house.read(1) == ALL[2:]
    assert await house.read(2) == ALL[3:]


async def test_a_task_that_ended_without_an_episode_has_its_end_alone(house: House) -> None:
    await house.store.tasks.create(task(), "body")
    await house.end()
    assert await house.read() == ["escalated"]
    with pytest.raises(TaskNotFound):
        await anext(house.told.tail("nobody"))


async def test_a_run_that_begins_anew_elsewhere_is_told_from_its_beginning(house: House) -> None:
    await house.begin("first")
    tail = house.told.tail("task-1")
    await house.keep(ACCEPTED, EVENTS[1], episode_id="first")
    assert [shown(await anext(tail)) for _ in range(2)] == ALL[:2]
    await house.begin("second")
    await house.keep(ACCEPTED, replace(EVENTS[2]), episode_id="second")
    await house.end()
    assert [shown(each) async for each in tail] == [(0, "accepted"), (1, "finished"), "escalated"]


async def test_what_another_process_takes_over_is_told_to_the_end(house: House) -> None:
    await house.begin()
    await house.keep(*EVENTS[:2])
    house.live.begin("task-1", "e", first=1)
    tail = house.told.tail("task-1")
    assert shown(await anext(tail)) == ALL[0]
    house.live.publish("e", EVENTS[1])
    assert shown(await anext(tail)) == ALL[1]
    house.live.abandon("e")
    await house.keep(EVENTS[2], first=2)
    await house.end()
    assert [shown(each) async for each in tail] == ALL[2:]
