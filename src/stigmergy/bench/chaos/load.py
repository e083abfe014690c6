"""Tasks from the real client, which does not give up while something is down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from stigmergy.client import Client
from stigmergy.errors import ServerError, StoreUnavailable, WaitTimedOut
from stigmergy.wire import TaskResult

T = TypeVar("T")
_SENDERS = 8
_PATIENCE_S = 90.0
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Load:
    """So many tasks, each step of which takes so long. ``name`` makes their idempotency keys unique.

    ``patience_s`` is how long a sender asks again before what is down counts as lost.
    """

    name: str
    tasks: int
    labels: dict[str, str]
    patience_s: float = _PATIENCE_S


class Sending:
    """The load on its way."""

    def __init__(self, client: Client, load: Load) -> None:
        self._client = client
        self._load = load
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="chaos-load")
        self._sent: list[Future[TaskResult]] = [
            self._pool.submit(persistently, self._submit, number, load.patience_s) for number in range(load.tasks)
        ]

    def accepted(self) -> list[str]:
        """The ids of all tasks, once every one has been accepted."""
        ids = [sent.result().id for sent in self._sent]
        self._pool.shutdown()
        return ids

    def _submit(self, number: int) -> TaskResult:
        return self._client.submit(
            f"task {number}",
            labels=self._load.labels,
            wait=False,
            idempotency_key=f"{self._load.name}-{number}",
        )


def ends(client: Client, ids: Sequence[str]) -> list[TaskResult]:
    """Every task at its end; one that does not come to an end is returned as it stands."""
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="chaos-wait") as pool:
        return list(pool.map(lambda task_id: persistently(lambda each: _end(client, each), task_id), ids))


def _end(client: Client, task_id: str) -> TaskResult:
    try:
        return client.wait(task_id, _PATIENCE_S)
    except WaitTimedOut:
        return client.get_task(task_id)


def persistently(ask: Callable[[T], TaskResult], about: T, patience_s: float = _PATIENCE_S) -> TaskResult:
    """Ask until there is an answer; what is down longer than ``patience_s`` is an error after all."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return ask(about)
        except (ServerError, StoreUnavailable):
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
