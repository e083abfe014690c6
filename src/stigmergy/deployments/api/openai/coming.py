"""Answers on their way: of a direct run, which ends with its caller, and of a durable task, which does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from stigmergy.agents.base import Listener
from stigmergy.deployments.api.openai.answer import Answer, answer_of, stored_answer, with_reasons
from stigmergy.deployments.api.tasks import ended
from stigmergy.domain import Task
from stigmergy.platform.direct_runs import DirectRuns, Watched
from stigmergy.platform.engine import Ran, Recorded
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime
from stigmergy.wire_openai import Extras

Told: TypeAlias = str | Recorded
"""A piece of the answer's text, or an event of its episode."""

CALLER_GONE: Final = "the caller went away"


class Coming(Protocol):
    """An answer on its way."""

    def batches(self) -> AsyncGenerator[Sequence[Told], None]:
        """What is told before the answer is there, as it comes; what comes together, together."""
        ...

    async def answer(self) -> Answer:
        """The answer, once it is there.

        Raises:
            StigmergyError: there is none.
        """
        ...

    async def aclose(self) -> None:
        """Nobody waits any more."""
        ...


class DirectAnswer:
    """Runs the task while somebody waits. Closing it cancels the run, and the call of an agent with it."""

    def __init__(self, direct: DirectRuns, task: Task, extras: Extras) -> None:
        self._told: asyncio.Queue[Told | None] = asyncio.Queue()
        self._extras = extras
        self._events = 0
        recorder = Watched(self._watch) if extras.events else None
        self._run = asyncio.create_task(direct.run(task, Listener(self._told.put_nowait), recorder))
        self._run.add_done_callback(lambda _: self._told.put_nowait(None))

    def _watch(self, recorded: Recorded) -> None:
        self._events += 1
        self._told.put_nowait(recorded)

    async def batches(self) -> AsyncGenerator[Sequence[Told], None]:
        """See ``Coming``."""
        going_on = True
        while going_on:
            told = [await self._told.get()]
            while not self._told.empty():
                told.append(self._told.get_nowait())
            going_on = told[-1] is not None
            yield [each for each in told if each is not None]
        if self._extras.events and not self._run.cancelled() and self._run.exception() is None:
            yield self._run.result().events[self._events :]

    async def answer(self) -> Answer:
        """See ``Coming``."""
        return _answer(await self._run, self._extras)

    async def aclose(self) -> None:
        """See ``Coming``."""
        self._run.cancel(CALLER_GONE)
        with suppress(asyncio.CancelledError):
            await asyncio.wait([self._run])


class DurableAnswer:
    """Waits for a task that was accepted. Its text is told when it has ended; who goes away does not stop it."""

    def __init__(self, runtime: Runtime, record: TaskRecord, extras: Extras) -> None:
        self._runtime = runtime
        self._record = record
        self._extras = extras

    async def batches(self) -> AsyncGenerator[Sequence[Told], None]:
        """See ``Coming``."""
        nothing: Sequence[Told] = ()
        yield nothing

    async def answer(self) -> Answer:
        """See ``Coming``."""
        answered = await ended(self._runtime, self._record.task.id, enough=lambda status: status.stands_still)
        record = answered.record
        if answered.ran is not None:
            answer = _answer(answered.ran, self._extras)
            return replace(answer, extras={"task_id": record.task.id, **answer.extras})
        stored = await self._runtime.store.journal.read(record.episode_id or "")
        return stored_answer(record, [decode(each.payload) for each in stored])

    async def aclose(self) -> None:
        """See ``Coming``."""


def _answer(ran: Ran, extras: Extras) -> Answer:
    answer = answer_of(ran)
    return with_reasons(answer, ran) if extras.explain else answer


async def answered_alone(direct: DirectRuns, task: Task, extras: Extras) -> Answer:
    """The answer of a direct run that nobody listens to while it runs."""
    return _answer(await direct.run(task), extras)
