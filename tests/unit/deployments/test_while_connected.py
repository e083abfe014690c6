from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stigmergy.deployments.api.openai.coming import CALLER_GONE
from stigmergy.deployments.api.openai.telling import CallerGone, while_connected


class Caller:
    """Says nothing until it leaves."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}


class Work:
    """Goes on for ever, and keeps what ended it."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended_by = ""

    async def go_on(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            self.ended_by = str(error)
            raise


async def test_work_that_ends_is_told_and_nobody_watches_any_longer() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 42

    assert await while_connected(Caller().receive, work()) == 42
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_who_goes_away_ends_the_work_by_that_reason_and_the_task_goes_on() -> None:
    caller, work = Caller(), Work()
    asyncio.get_running_loop().call_soon(caller.left.set)
    with pytest.raises(CallerGone):
        await while_connected(caller.receive, work.go_on())
    assert work.ended_by == CALLER_GONE
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_cancellation_from_outside_stays_one_also_when_the_caller_leaves_at_the_same_time() -> None:
    for leaves in (False, True):
        caller, work = Caller(), Work()
        outer = asyncio.create_task(while_connected(caller.receive, work.go_on()))
        await work.begun.wait()
        if leaves:
            caller.left.set()
        outer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer


async def test_what_goes_wrong_in_the_work_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await while_connected(Caller().receive, work())
