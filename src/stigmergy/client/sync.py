"""The client for code that blocks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import closing
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from stigmergy.client import calls, protocol
from stigmergy.client.calls import Budgeted, Conversation
from stigmergy.client.errors_from_wire import error_of
from stigmergy.client.event_stream import EventReader
from stigmergy.client.policies import Policies
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


class Client:
    """Talks to a Stigmergy server. Safe to share between threads; close it, or use it in a ``with``.

    Nothing is sent twice. The one thing that is tried again is opening a connection for a task with an idempotency
    key, four times with 2 s of pauses in all: nothing was sent then, and the key would tell the server if it was.

    Every method may raise ServerUnreachable, ServerOverloaded, UnexpectedReply, and any error of ``stigmergy.errors``
    that the server answers with.
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
        """Open no connection yet.

        Args:
            base_url: where the server is; else STIGMERGY_URL, else http://127.0.0.1:8700.
            api_key: sent as ``Authorization: Bearer``; else STIGMERGY_API_KEY, else none is sent.
            timeout_s: the longest silence of the server that is borne; the time a task may take when it is waited for.
            environ: where the two variables are looked up.
            monotonic: seconds that never go back; for ``wait``.
        """
        self._place = protocol.place_of(base_url, api_key, environ)
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._http = httpx.Client(trust_env=self._place.through_proxies, limits=protocol.CONNECTIONS)

    @property
    def policies(self) -> Policies:
        """Trained policies and how far each is trusted."""
        return Policies(self._send)

    def submit(
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
        """Run a task; a subclass of RequestError says why it was refused, here or by the server.

        Args:
            query: what is asked; may be left out when ``messages`` end with it.
            graph: which graph serves it; the server's default when None.
            router: who chooses the route; the graph's default when None.
            trade_off: what money is worth in quality, at least 0, in the unit of the router; as it is configured when
                None.
            budget: limits, as a BudgetModel or a mapping such as ``{"max_usd": "0.01"}``.
            task_type: what kind of query it is, where that is known.
            labels: free words to find the episode by.
            reference: the right answer, for the evaluator alone.
            messages: the conversation, oldest first.
            wait: return when the task has ended or needs an approval; otherwise at once, while it is pending.
            explain: with ``wait``, tell of every hop what else was feasible and why it was chosen.
            priority: from -10 to 10; among tasks that wait, each step is worth a minute of waiting.
            idempotency_key: two submissions with one key are one task.
        """
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
        return self._send(calls.submit_call(task, idempotency_key))

    def submit_many(
        self,
        tasks: Iterable[TaskRequest],
        *,
        concurrency: int = 16,
        on_result: OnResult | None = None,
        key_of: KeyOf | None = None,
    ) -> list[Outcome]:
        """Run many tasks, at most ``concurrency`` at a time, and return what became of each, in the order given.

        ``tasks`` is read as room becomes free. A task that fails gives its StigmergyError in its place and stops no
        other. ``on_result(place, outcome)`` is called in this thread as outcomes come; what it raises ends the run
        once the tasks in flight have been answered, and so does an error of ``tasks`` itself.

        Args:
            tasks: what to run.
            concurrency: the most tasks in flight, at least 1.
            on_result: told of every outcome.
            key_of: gives each task its idempotency key.

        Raises:
            RequestError: the concurrency is below 1.
        """
        protocol.check_concurrency(concurrency)
        outcomes: dict[int, Outcome] = {}
        running: dict[Future[Outcome], int] = {}
        with ThreadPoolExecutor(concurrency, thread_name_prefix="stigmergy-submit") as pool:
            for place, task in enumerate(tasks):
                key = None if key_of is None else key_of(place, task)
                running[pool.submit(self._outcome, task, key)] = place
                if len(running) == concurrency:
                    _collect(running, outcomes, on_result)
            while running:
                _collect(running, outcomes, on_result)
        return protocol.in_order(outcomes)

    def submit_batch(self, tasks: Sequence[BatchTask]) -> list[Outcome]:
        """Have up to 1000 tasks accepted in one request, without waiting for their ends; outcomes are in their order.

        A task that is refused gives its StigmergyError in its place, and stops no other.

        Raises:
            RequestError: there is no task, or more than 1000.
        """
        return [calls.outcome_of(told) for told in self._send(calls.batch_call(tasks)).outcomes]

    def get_task(self, task_id: str) -> TaskResult:
        """The task as it stands now; raises TaskNotFound."""
        return self._send(calls.task_call(task_id))

    def wait(self, task_id: str, timeout_s: float = 300.0) -> TaskResult:
        """Wait until the task has ended.

        Raises:
            TaskNotFound: no task has this id.
            WaitTimedOut: it has not ended after ``timeout_s`` seconds; it goes on.
        """
        began = self._monotonic()
        result = self._send(calls.task_call(task_id, min(calls.POLL_S, timeout_s)))
        while not result.status.ended:
            poll_s = calls.next_poll_s(task_id, timeout_s, self._monotonic() - began)
            time.sleep(min(calls.POLL_PAUSE_S, poll_s))
            result = self._send(calls.task_call(task_id, poll_s))
        return result

    def tasks(
        self,
        *,
        graph: str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        page_size: int = 50,
    ) -> Iterator[TaskResult]:
        """Tasks, the last created first, narrowed; ``since <= created_at < before``, both with a time zone.

        A page is fetched when the one before it is used up.
        """
        asked = calls.TaskQuery(graph=graph, status=status, since=since, before=before, page_size=page_size)
        cursor = None
        while True:
            page = self._send(calls.tasks_call(asked, cursor))
            yield from page.tasks
            cursor = page.next_cursor
            if cursor is None:
                return

    def cancel(self, task_id: str) -> TaskResult:
        """End a task, also in the middle of an agent's call. Its end may come a moment later: the status tells.

        Raises:
            TaskNotFound: no task has this id.
            TaskEnded: it has ended, otherwise than by being cancelled.
        """
        return self._send(calls.cancel_call(task_id))

    def approve(self, task_id: str, *, by: str = "user", comment: str = "", place: str | None = None) -> TaskResult:
        """Let a task take the risky hop that it waits with; ``place`` makes sure which one that is.

        Raises:
            TaskNotFound: no task has this id.
            ApprovalNotAsked: it does not wait for this decision, or has ended.
        """
        return self._send(calls.decision_call(task_id, "approve", by, comment, place))

    def reject(self, task_id: str, *, by: str = "user", comment: str = "", place: str | None = None) -> TaskResult:
        """Forbid a task the risky hop that it waits with, so that it goes another way; arguments as ``approve``."""
        return self._send(calls.decision_call(task_id, "reject", by, comment, place))

    def retry(self, task_id: str) -> TaskResult:
        """Have a dead letter run again; what has not ended is left alone.

        Raises:
            TaskNotFound: no task has this id.
            NoDeadLetter: it has ended otherwise.
        """
        return self._send(calls.retry_call(task_id))

    def events(self, task_id: str, after: int | None = None) -> Iterator[TaskEvent]:
        """What happens to a task, as it happens; the last event is of kind ``end``, with the task as its data.

        Args:
            task_id: which task.
            after: leave out the events up to this number.

        Raises:
            TaskNotFound: no task has this id.
            ServerUnreachable: the stream broke off; go on ``after`` the last number received.
        """
        call, reader = calls.events_call(task_id, after), EventReader(after)
        request = protocol.http_request(self._place, call, self._timeout_s)
        try:
            with closing(self._http.send(request, stream=True)) as reply:
                if not reply.is_success:
                    raise error_of(reply.status_code, reply.headers, reply.read())
                for chunk in reply.iter_bytes():
                    yield from reader.read(chunk)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self._place.url, error) from error
        if not reader.ended:
            raise protocol.broken_off(self._place.url, task_id, reader.after)

    def feedback(self, episode_id: str, quality: float, *, source: str = "user", comment: str = "") -> EpisodeModel:
        """Judge an episode with a quality in [0, 1]; raises EpisodeNotFound, or RequestError for another quality."""
        return self._send(calls.feedback_call(episode_id, quality, source, comment))

    def episode(self, episode_id: str) -> EpisodeModel:
        """An episode with all its events; raises EpisodeNotFound."""
        return self._send(calls.episode_call(episode_id))

    def episodes(
        self,
        *,
        graph: str | None = None,
        router: str | None = None,
        status: Status | None = None,
        page_size: int = 50,
    ) -> Iterator[EpisodeModel]:
        """Episodes without their events, newest first. A page is fetched when the one before it is used up."""
        cursor = None
        while True:
            page = self._send(calls.episodes_call(graph, router, status, page_size, cursor))
            yield from page.episodes
            cursor = page.next_cursor
            if cursor is None:
                return

    def graph(self, name: str) -> GraphModel:
        """A served graph with the health and the trails of this moment; raises UnknownGraph."""
        return self._send(calls.graph_call(name))

    def trails(self, graph: str) -> TrailsModel:
        """What every colony has learnt on a graph, and from which past episodes; raises UnknownGraph."""
        return self._send(calls.trails_call(graph))

    def served(self) -> ServedModel:
        """The graphs and routers of this server."""
        return self._send(calls.served_call())

    def plan_route(
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
        """The route that the router would take now if every call went well. No agent is called.

        Without a ``graph`` the server is asked for its default one first.

        Raises:
            InvalidQuery, InvalidBudget: refused here or by the server.
            UnknownGraph, UnknownRouter, NoTradeOff, BudgetTooSmall: refused by the server.
        """
        task = calls.task_request(
            query=query,
            graph=None,
            router=router,
            trade_off=trade_off,
            budget=budget,
            task_type=task_type,
            labels=labels,
        )
        return self._send(calls.route_call(graph or self.served().default_graph, task))

    def ready(self) -> bool:
        """Whether a server is there and takes tasks."""
        try:
            return self._exchange(calls.ready_call()).is_success
        except ServerUnreachable:
            return False

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, task: TaskRequest, idempotency_key: str | None) -> Outcome:
        try:
            return self._send(calls.submit_call(task, idempotency_key))
        except StigmergyError as error:
            return error

    def _send(self, call: Call[Answer]) -> Answer:
        return protocol.read_reply(call, self._exchange(call))

    def _exchange(self, call: Call[Told]) -> httpx.Response:
        request = protocol.http_request(self._place, call, self._timeout_s)
        try:
            for delay_s in call.connect_delays_s:
                try:
                    return self._http.send(request)
                except protocol.NOT_SENT:
                    time.sleep(delay_s)
            return self._http.send(request)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self._place.url, error) from error


def _collect(running: dict[Future[Outcome], int], outcomes: dict[int, Outcome], on_result: OnResult | None) -> None:
    for done in wait_for(running, return_when=FIRST_COMPLETED).done:
        place = running.pop(done)
        outcomes[place] = done.result()
        if on_result is not None:
            on_result(place, outcomes[place])
