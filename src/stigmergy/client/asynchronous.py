"""The client for code on an event loop."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from stigmergy.client import calls, protocol
from stigmergy.client.asynchronous_policies import AsyncPolicies
from stigmergy.client.calls import Budgeted, Conversation
from stigmergy.client.errors_from_wire import error_of
from stigmergy.client.event_stream import EventReader
from stigmergy.client.protocol import Answer, Call, KeyOf, OnResult, Outcome
from stigmergy.domain import Status
from stigmergy.errors import ServerUnreachable, StigmergyError
from stigmergy.wire import (
    BatchTask,
    EpisodeModel,
    GraphModel,
    RouteModel,
    ServedModel,
    TaskEvent,
    TaskRequest,
    TaskResult,
    Told,
    TrailsModel,
)


class AsyncClient:
    """Talks to a Stigmergy server from one event loop. Close it, or use it in an ``async with``.

    Arguments, results, errors and the rule about trying again are those of ``Client``; nothing here blocks the loop.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 300.0,
        environ: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open no connection yet; the arguments are those of ``Client``."""
        self._place = protocol.place_of(base_url, api_key, environ)
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._http = httpx.AsyncClient(trust_env=self._place.through_proxies, limits=protocol.CONNECTIONS)

    @property
    def policies(self) -> AsyncPolicies:
        """As ``Client.policies``."""
        return AsyncPolicies(self._send)

    async def submit(
        self,
        query: str | None = None,
        *,
        graph: str | None = None,
        router: str | None = None,
        trade_off: float | None = None,
        budget: Budgeted | None = None,
        task_type: str | None = None,
        labels: Mapping[str, str] | None = None,
        reference: str | None = None,
        messages: Conversation = (),
        wait: bool = True,
        explain: bool = False,
        priority: int = 0,
        idempotency_key: str | None = None,
    ) -> TaskResult:
        """Run a task, as ``Client.submit`` does."""
        task = calls.task_request(
            query=query,
            graph=graph,
            router=router,
            trade_off=trade_off,
            budget=budget,
            task_type=task_type,
            labels=labels,
            reference=reference,
            messages=messages,
            wait=wait,
            explain=explain,
            priority=priority,
        )
        return await self._send(calls.submit_call(task, idempotency_key))

    async def submit_many(
        self,
        tasks: Iterable[TaskRequest],
        *,
        concurrency: int = 16,
        on_result: OnResult | None = None,
        key_of: KeyOf | None = None,
    ) -> list[Outcome]:
        """Run many tasks, at most ``concurrency`` at a time, as ``Client.submit_many`` does.

        ``on_result`` is called on the event loop. When it or ``tasks`` raises, the tasks in flight are cancelled.
        """
        protocol.check_concurrency(concurrency)
        outcomes: dict[int, Outcome] = {}
        running: dict[asyncio.Task[Outcome], int] = {}
        try:
            for place, task in enumerate(tasks):
                key = None if key_of is None else key_of(place, task)
                running[asyncio.create_task(self._outcome(task, key))] = place
                if len(running) == concurrency:
                    await _collect(running, outcomes, on_result)
            while running:
                await _collect(running, outcomes, on_result)
        finally:
            for unfinished in running:
                unfinished.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        return protocol.in_order(outcomes)

    async def submit_batch(self, tasks: Sequence[BatchTask]) -> list[Outcome]:
        """Have up to 1000 tasks accepted in one request, as ``Client.submit_batch`` does."""
        return [calls.outcome_of(told) for told in (await self._send(calls.batch_call(tasks))).outcomes]

    async def get_task(self, task_id: str) -> TaskResult:
        """The task as it stands now; raises TaskNotFound."""
        return await self._send(calls.task_call(task_id))

    async def wait(self, task_id: str, timeout_s: float = 300.0) -> TaskResult:
        """Wait until the task has ended; raises TaskNotFound, and WaitTimedOut after ``timeout_s`` seconds."""
        began = self._monotonic()
        result = await self._send(calls.task_call(task_id, min(calls.POLL_S, timeout_s)))
        while not result.status.ended:
            poll_s = calls.next_poll_s(task_id, timeout_s, self._monotonic() - began)
            await asyncio.sleep(min(calls.POLL_PAUSE_S, poll_s))
            result = await self._send(calls.task_call(task_id, poll_s))
        return result

    async def tasks(
        self,
        *,
        graph: str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[TaskResult]:
        """Tasks, the last created first, for ``async for``; narrowed and paged as ``Client.tasks`` does."""
        asked = calls.TaskQuery(graph=graph, status=status, since=since, before=before, page_size=page_size)
        cursor = None
        while True:
            page = await self._send(calls.tasks_call(asked, cursor))
            for task in page.tasks:
                yield task
            cursor = page.next_cursor
            if cursor is None:
                return

    async def cancel(self, task_id: str) -> TaskResult:
        """End a task, as ``Client.cancel`` does; raises TaskNotFound, TaskEnded."""
        return await self._send(calls.cancel_call(task_id))

    async def approve(
        self, task_id: str, *, by: str = "user", comment: str = "", place: str | None = None
    ) -> TaskResult:
        """Let a task take its risky hop, as ``Client.approve`` does; raises TaskNotFound, ApprovalNotAsked."""
        return await self._send(calls.decision_call(task_id, "approve", by, comment, place))

    async def reject(
        self, task_id: str, *, by: str = "user", comment: str = "", place: str | None = None
    ) -> TaskResult:
        """Forbid a task its risky hop, as ``Client.reject`` does; raises TaskNotFound, ApprovalNotAsked."""
        return await self._send(calls.decision_call(task_id, "reject", by, comment, place))

    async def retry(self, task_id: str) -> TaskResult:
        """Have a dead letter run again, as ``Client.retry`` does; raises TaskNotFound, NoDeadLetter."""
        return await self._send(calls.retry_call(task_id))

    async def events(self, task_id: str, after: int | None = None) -> AsyncIterator[TaskEvent]:
        """What happens to a task, for ``async for``, as ``Client.events`` tells it."""
        call, reader = calls.events_call(task_id, after), EventReader(after)
        request = protocol.http_request(self._place, call, self._timeout_s)
        try:
            reply = await self._http.send(request, stream=True)
            async with aclosing(reply):
                if not reply.is_success:
                    raise error_of(reply.status_code, reply.headers, await reply.aread())
                async for chunk in reply.aiter_bytes():
                    for event in reader.read(chunk):
                        yield event
        except httpx.HTTPError as error:
            raise protocol.unreachable(self._place.url, error) from error
        if not reader.ended:
            raise protocol.broken_off(self._place.url, task_id, reader.after)

    async def feedback(
        self, episode_id: str, quality: float, *, source: str = "user", comment: str = ""
    ) -> EpisodeModel:
        """Judge an episode with a quality in [0, 1]; raises EpisodeNotFound, or RequestError for another quality."""
        return await self._send(calls.feedback_call(episode_id, quality, source, comment))

    async def episode(self, episode_id: str) -> EpisodeModel:
        """An episode with all its events; raises EpisodeNotFound."""
        return await self._send(calls.episode_call(episode_id))

    async def episodes(
        self,
        *,
        graph: str | None = None,
        router: str | None = None,
        status: Status | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[EpisodeModel]:
        """Episodes without their events, newest first, for ``async for``; pages are fetched as they are needed."""
        cursor = None
        while True:
            page = await self._send(calls.episodes_call(graph, router, status, page_size, cursor))
            for episode in page.episodes:
                yield episode
            cursor = page.next_cursor
            if cursor is None:
                return

    async def graph(self, name: str) -> GraphModel:
        """A served graph with the health and the trails of this moment; raises UnknownGraph."""
        return await self._send(calls.graph_call(name))

    async def trails(self, graph: str) -> TrailsModel:
        """What every colony has learnt on a graph, and from which past episodes; raises UnknownGraph."""
        return await self._send(calls.trails_call(graph))

    async def served(self) -> ServedModel:
        """The graphs and routers of this server."""
        return await self._send(calls.served_call())

    async def plan_route(
        self,
        query: str,
        *,
        graph: str | None = None,
        router: str | None = None,
        trade_off: float | None = None,
        budget: Budgeted | None = None,
        task_type: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> RouteModel:
        """The route that would be taken now, as ``Client.plan_route`` tells it. No agent is called."""
        task = calls.task_request(
            query=query,
            graph=None,
            router=router,
            trade_off=trade_off,
            budget=budget,
            task_type=task_type,
            labels=labels,
        )
        return await self._send(calls.route_call(graph or (await self.served()).default_graph, task))

    async def ready(self) -> bool:
        """Whether a server is there and takes tasks."""
        try:
            return (await self._exchange(calls.ready_call())).is_success
        except ServerUnreachable:
            return False

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _outcome(self, task: TaskRequest, idempotency_key: str | None) -> Outcome:
        try:
            return await self._send(calls.submit_call(task, idempotency_key))
        except StigmergyError as error:
            return error

    async def _send(self, call: Call[Answer]) -> Answer:
        return protocol.read_reply(call, await self._exchange(call))

    async def _exchange(self, call: Call[Told]) -> httpx.Response:
        request = protocol.http_request(self._place, call, self._timeout_s)
        try:
            for delay_s in call.connect_delays_s:
                try:
                    return await self._http.send(request)
                except protocol.NOT_SENT:
                    await asyncio.sleep(delay_s)
            return await self._http.send(request)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self._place.url, error) from error


async def _collect(
    running: dict[asyncio.Task[Outcome], int], outcomes: dict[int, Outcome], on_result: OnResult | None
) -> None:
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for finished in done:
        place = running.pop(finished)
        outcomes[place] = finished.result()
        if on_result is not None:
            on_result(place, outcomes[place])
