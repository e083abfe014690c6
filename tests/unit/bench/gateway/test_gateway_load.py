from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from stigmergy.bench.gateway.http import Message, answer, chunk, chunked, request, with_header
from stigmergy.bench.gateway.load import Timing, run, timing
from stigmergy.bench.gateway.processes import put_under_load, running_upstream
from stigmergy.bench.gateway.system import Cell, Size, System, delayed_path


def test_a_message_is_complete_with_the_last_byte_of_its_stated_length() -> None:
    told = Message()
    parts = answer("text/plain", b"forty-two")
    assert [told.feed(parts[at : at + 1]) for at in range(len(parts))] == [False] * (len(parts) - 1) + [True]
    assert (told.status, told.body) == (200, b"forty-two")


def test_a_chunked_message_is_complete_with_its_empty_chunk() -> None:
    told = Message()
    parts = chunked("text/event-stream") + chunk(b"data: 0\n\n") + chunk(b"")
    assert [told.feed(parts[at : at + 1]) for at in range(len(parts))].index(True) == len(parts) - 1


def test_a_header_can_be_added_to_a_request_that_is_ready() -> None:
    asked = Message()
    assert asked.feed(with_header(request("POST", "/x", "here", (("a", "b"),), b"{}"), b"idempotency-key: 1"))
    assert b"\r\na: b\r\n" in asked.head
    assert asked.head.endswith(b"\r\nidempotency-key: 1")
    assert asked.body == b"{}"


def test_percentiles_are_of_the_times_in_order_and_errors_are_counted() -> None:
    told = timing([n / 1000 for n in range(1000, 0, -1)], 2.0, Counter({"500: no": 3}))
    assert (told.p50_ms, told.p99_ms, told.p999_ms, told.max_ms) == pytest.approx((501, 991, 1000, 1000))
    assert (told.rps, told.errors, told.first_error) == (500, 3, "500: no")


@pytest.fixture(scope="module")
def upstream() -> Iterator[System]:
    with running_upstream() as port:
        yield System(name="direct", port=port, path=delayed_path, model=str)


@pytest.mark.parametrize("stream", [False, True])
def test_the_load_asks_the_upstream_as_often_as_it_is_told_and_not_sooner_than_it_answers(
    upstream: System, *, stream: bool
) -> None:
    cell = Cell(concurrency=3, upstream_ms=50, stream=stream)
    told = put_under_load(upstream.job(cell, Size(9, 60.0), "run"))
    assert (told.requests, told.errors) == (9, 0)
    assert told.p50_ms >= 50


def test_the_load_ends_when_its_time_is_up(upstream: System) -> None:
    told = put_under_load(upstream.job(Cell(concurrency=2, upstream_ms=0, stream=False), Size(10**9, 0.2), "run"))
    assert 0 < told.requests < 10**9


async def _asked_of(server: asyncio.Protocol, requests: int) -> Timing:
    """The load on a server whose connections all do the same."""
    serving = await asyncio.get_running_loop().create_server(lambda: server, "127.0.0.1", 0)
    async with serving:
        system = System(name="peer", port=serving.sockets[0].getsockname()[1], path=delayed_path, model=str)
        return await run(system.job(Cell(concurrency=1, upstream_ms=0, stream=False), Size(requests, 60.0), "run"))


class _Leaving(asyncio.Protocol):
    """Answers each request with the same bytes and closes the connection."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        self._transport.write(self._answer)  # type: ignore[attr-defined]
        self._transport.close()


def test_a_server_that_says_that_it_closes_the_connection_is_asked_over_another_one() -> None:
    said = answer("text/plain", b"42").replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
    told = asyncio.run(_asked_of(_Leaving(said), 5))
    assert (told.requests, told.errors) == (5, 0)


def test_a_connection_closed_without_an_answer_is_an_error_and_the_load_goes_on() -> None:
    told = asyncio.run(_asked_of(_Leaving(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfor"), 5))
    assert told.requests == 5
    assert told.errors == 5 + 2  # those of the warm-up as well
    assert "closed the connection" in told.first_error
