"""Cancelling and watching through HAProxy, where any of two gateway replicas may be asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from stigmergy.client import Client
from stigmergy.domain import Status
from stigmergy.wire import TaskResult

if TYPE_CHECKING:
    from tests.conftest import Served

pytestmark = pytest.mark.ray


def test_a_running_call_is_cancelled_whichever_replica_is_asked(
    http: httpx.Client, eventually: Callable[..., object]
) -> None:
    body = {"query": "sleep 8", "graph": "lasting", "wait": False}
    running = [http.post("/v1/tasks", json=body).json()["id"] for _ in range(4)]
    began = time.monotonic()
    for task_id in running:
        assert http.post(f"/v1/tasks/{task_id}/cancel").status_code in (200, 202)
    for task_id in running:
        eventually(lambda path=f"/v1/tasks/{task_id}": http.get(path).json()["status"] == "cancelled", 5)
    assert time.monotonic() - began < 7, "they ended by themselves"
    listed = http.get("/v1/tasks", params={"status": "cancelled"}).json()["tasks"]
    assert {task["id"] for task in listed} >= set(running)


def test_events_are_told_to_the_end_and_resumed_whichever_replica_is_asked(served: Served) -> None:
    with Client(served.url, timeout_s=30) as client:
        task = client.submit("sleep 0.5; echo done", graph="lasting", wait=False)
        for _ in range(4):
            told = list(client.events(task.id))
            assert [event.seq for event in told] == [*range(len(told) - 1), None]
            assert [told[0].kind, told[-2].kind, told[-1].kind] == ["accepted", "finished", "end"]
            assert TaskResult.model_validate(told[-1].data).status is Status.COMPLETED
            assert list(client.events(task.id, after=2)) == told[3:]
