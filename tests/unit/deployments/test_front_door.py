"""The front door before a real application, beside a Serve that says that it was asked."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from stigmergy.deployments import front_door
from stigmergy.deployments.serve_environment import FRONT_DOOR

QUESTION = {"messages": [{"role": "user", "content": "1+2"}]}


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"Serve"})


@pytest.fixture
def door(served: Any, monkeypatch: pytest.MonkeyPatch) -> front_door.FrontDoor:
    monkeypatch.setattr(front_door, "_applications", [])
    front_door.open_front_door(served.server.config.app)
    return front_door.FrontDoor(serve)


async def asked(door: front_door.FrontDoor, method: str, path: str, body: object) -> tuple[int, bytes]:
    told: list[Message] = []
    given = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        if not given:
            await asyncio.Event().wait()
        return given.pop()

    async def send(message: Message) -> None:
        told.append(message)

    await door({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
    return told[0]["status"], b"".join(each.get("body", b"") for each in told[1:])


async def test_completions_are_answered_before_serve_and_leave_a_line_in_its_log(
    door: front_door.FrontDoor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ray.serve")
    status, body = await asked(door, "POST", "/v1/chat/completions", {"model": "sums", **QUESTION})
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == "4"
    assert [each.getMessage()[:30] for each in caplog.records if each.name == "ray.serve"] == [
        "POST /v1/chat/completions 200 "
    ]


async def test_what_cannot_be_served_is_refused_as_by_the_application(door: front_door.FrontDoor) -> None:
    status, body = await asked(door, "POST", "/v1/chat/completions", {"model": "nothing", **QUESTION})
    assert (status, json.loads(body)["error"]["code"]) == (404, "model_not_found")
    status, body = await asked(door, "POST", "/v1/responses", {"model": "sums"})
    assert (status, json.loads(body)["error"]["param"]) == (400, "input")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/models"), ("POST", "/v1/tasks"), ("GET", "/-/healthz"), ("GET", "/v1/responses")]
)
async def test_everything_else_goes_to_serve(method: str, path: str, door: front_door.FrontDoor) -> None:
    assert await asked(door, method, path, {}) == (299, b"Serve")


async def test_where_no_application_is_serve_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_door, "_applications", [])
    assert (await asked(front_door.FrontDoor(serve), "POST", "/v1/responses", {}))[0] == 299


def test_serve_finds_the_door_by_its_name() -> None:
    module, _, name = FRONT_DOOR.partition(":")
    assert module == front_door.__name__
    assert [each.cls for each in getattr(front_door, name)()] == [front_door.FrontDoor]
