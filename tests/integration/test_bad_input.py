"""Whatever is sent to the doors of tasks is answered as the served OpenAPI document says, and never with a 5xx."""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi import checks

from stigmergy.agents.catalog import build_agent
from stigmergy.deployments.api import build_api
from stigmergy.deployments.views import summarise
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.open import open_store

SEED = 20_260_101
EXAMPLES = 25
CONFIG = """
agents:
  quick: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
graphs:
  sums: {stages: [[quick]], router: cheapest}
routers:
  cheapest: {kind: cheapest}
"""
# What fits the schema may still be refused: an empty query, a graph that is not served.
NEVER = [checks.positive_data_acceptance]
# A batch takes what breaks the schema of one task, and refuses that task alone.
NEVER_OF_A_BATCH = [*NEVER, checks.negative_data_rejection]


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[tuple[Runtime, None]]:
    configured = settings_from(CONFIG, {})
    agents = {name: build_agent(name, each, {}) for name, each in configured.agents.items()}
    runtime = assemble(
        configured,
        gateway=InProcessGateway(agents),
        store=open_store(f"sqlite:///{folder / 'store.db'}"),
        owner="here",
        environ={},
        summarise=summarise,
        rng=random.Random(1),
    )
    await runtime.start()
    yield runtime, None
    await runtime.aclose()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application on a real HTTP server in a thread of this process, on SQLite."""
    folder = tmp_path_factory.mktemp("bad-input")
    server = uvicorn.Server(uvicorn.Config(build_api(lambda: living(folder)), log_level="critical", ws="none"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def ended(url: str) -> str:
    """The id of a task that has ended."""
    return str(httpx.post(f"{url}/v1/tasks", json={"query": "2+2"}).json()["id"])


def operations(url: str) -> list[Any]:
    document = schemathesis.openapi.from_url(f"{url}/openapi.json").include(path_regex="^/v1/tasks")
    found: Iterable[Any] = document.get_all_operations()
    return [each.ok() for each in found]


def aimed(case: Any, task_id: str) -> Any:
    """The case at a task that is there, and at a graph and router that are: else most would be refused for these."""
    if "task_id" in case.path_parameters:
        case.path_parameters["task_id"] = task_id
    if isinstance(case.body, dict):
        case.body = {**case.body, "query": "2+2", "graph": None, "router": None}
    return case


def send(operation: Any, mode: Any, task_id: str | None) -> Counter[int]:
    """Send generated cases, all of them checked; how often each status was the answer."""
    seen: Counter[int] = Counter()
    excluded = NEVER_OF_A_BATCH if operation.path.endswith("/batch") or task_id else NEVER

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        answer = (case if task_id is None else aimed(case, task_id)).call(timeout=20)
        seen[answer.status_code] += 1
        case.validate_response(answer, excluded_checks=excluded)

    one()
    return seen


def test_what_fits_the_schema_is_answered_as_the_schema_says(url: str, ended: str) -> None:
    answered: Counter[int] = Counter()
    for operation in operations(url):
        for task_id in (None, ended):
            answered += send(operation, schemathesis.GenerationMode.POSITIVE, task_id)
    assert answered[200] > EXAMPLES
    assert not [status for status in answered if status >= 500]


def test_what_breaks_the_schema_is_refused_as_the_schema_says(url: str) -> None:
    refused: Counter[int] = Counter()
    for operation in operations(url):
        if breakable(operation):
            refused += send(operation, schemathesis.GenerationMode.NEGATIVE, None)
    assert refused[400] > EXAMPLES
    assert not [status for status in refused if status >= 500]


def breakable(operation: Any) -> bool:
    """A door that takes nothing but an id, which may be any text, cannot be asked wrongly."""
    return bool(len(operation.body) or len(operation.query) or len(operation.headers))


DEEP = b'{"labels":' * 20_000 + b"{}" + b"}" * 20_000
LARGE = b'{"query":"' + b"x" * 10_000_000 + b'"}'
BODIES = [
    (b'{"query":"a\x00b"}', 400),
    (b'{"query":"a\\u0000b"}', 422),
    (b'{"query":"a","graph":"\\u0000"}', 404),
    (b'{"query":"a","labels":{"\\ud800":"x"}}', 400),
    (b'{"query":"\xff\xfe"}', 400),
    ('{"query":"a"}'.encode("utf-16"), 400),
    (b'{"query":"a","budget":{"max_tokens":' + b"9" * 5000 + b"}}", 400),
    (b'{"query":"a","budget":{"max_tokens":' + b"9" * 4000 + b"}}", 200),
    (b'{"query":"a","budget":{"max_usd":"NaN"}}', 400),
    (b'{"query":"a","budget":{"max_usd":"sNaN"}}', 400),
    (b'{"query":"a","budget":{"max_usd":"1e999999"}}', 422),
    (b'{"query":"a","budget":{"max_usd":"1e-999999"}}', 422),
    (b'{"query":"a","budget":{"deadline_s":NaN}}', 400),
    (b'{"query":"a","budget":{"deadline_s":1e-300}}', 200),
    (DEEP, 400),
    (LARGE, 422),
    (b"null", 400),
    (b"", 400),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=[repr(body[:40]) for body, _ in BODIES])
def test_an_odd_body_is_refused_or_run_whatever_it_is_said_to_be(url: str, body: bytes, status: int) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data"):
        assert httpx.post(f"{url}/v1/tasks", content=body, headers={"content-type": kind}).status_code == status


@pytest.mark.parametrize("number", ["-2", "abc", "1e5", "1.5", "", "9" * 30, "\u0663"])
def test_a_last_event_id_that_is_no_number_of_an_event_is_refused(url: str, ended: str, number: str) -> None:
    headers = {b"last-event-id": number.encode()}
    assert httpx.get(f"{url}/v1/tasks/{ended}/events", headers=headers).status_code == 400


@pytest.mark.parametrize("cursor", ["x", "====", "%00", "WzFd", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiYSJd", "W1tb" * 5000])
def test_a_cursor_that_no_listing_gave_is_refused(url: str, cursor: str) -> None:
    assert httpx.get(f"{url}/v1/tasks?cursor={cursor}").status_code in (400, 422)
