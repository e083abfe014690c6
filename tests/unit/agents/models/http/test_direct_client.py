"""Against servers on the loopback that write what a test says, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stigmergy.agents.models.http.base import ConnectionBroke, NotConnected
from stigmergy.agents.models.http.connection import Answer
from stigmergy.agents.models.http.direct import DirectClient

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Told = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Reads requests and answers each with ``told``."""

    def __init__(self, *told: bytes | Told) -> None:
        self.told = list(told)
        self.asked: list[bytes] = []
        self.connections = 0
        self.heard, self.gone = asyncio.Event(), asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                self.asked.append(head + await reader.readexactly(length))
                self.heard.set()
                told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
                if callable(told):
                    await told(writer)
                else:
                    writer.write(told)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def served(*told: bytes | Told) -> AsyncIterator[tuple[Server, DirectClient]]:
    server = Server(*told)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = DirectClient(f"http://127.0.0.1:{port}/v1?a=b", {"x-key": "secret"})
    yield server, client
    await client.aclose()
    listening.close()


async def read(client: DirectClient, body: bytes = b"{}", silence_s: float = 5.0) -> tuple[int, bytes]:
    answer = await client.post(body, silence_s)
    try:
        return answer.status, await answer.read()
    finally:
        answer.close()


async def pieces(answer: Answer) -> list[bytes]:
    return [piece async for piece in answer.pieces()]


async def test_a_request_says_host_length_and_headers_and_its_connection_is_kept() -> None:
    async with served(WHOLE) as (server, client):
        assert [await read(client, b'{"a": 1}') for _ in range(3)] == [(200, b"ok")] * 3
    assert server.connections == 1
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert line == "POST /v1?a=b HTTP/1.1"
    assert dict(each.split(": ") for each in headers).items() >= {"x-key": "secret", "content-length": "8"}.items()
    assert body == b'{"a": 1}'


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + WHOLE,
    ],
)
async def test_chunks_and_early_heads_are_read_and_the_connection_is_kept(told: bytes) -> None:
    async with served(told) as (server, client):
        assert [await read(client), await read(client)] == [(200, b"ok")] * 2
    assert server.connections == 1


async def test_without_a_length_the_end_of_the_connection_is_the_end_of_the_body() -> None:
    async def until_the_end(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        writer.close()

    async with served(until_the_end) as (_, client):
        assert await read(client) == (200, b"all of it")


async def test_a_connection_that_the_server_is_to_close_is_not_used_again() -> None:
    async with served(WHOLE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")) as (server, client):
        assert [await read(client), await read(client)] == [(200, b"ok")] * 2
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    async def answer_and_leave(writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        writer.close()

    async with served(answer_and_leave) as (server, client):
        await read(client)
        await asyncio.sleep(0.05)
        await read(client)
    assert server.connections == 2


async def test_what_was_said_unasked_answers_nobody() -> None:
    async with served(WHOLE + b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad", WHOLE) as (server, client):
        first = await read(client)
        assert (first, await read(client)) == ((200, b"ok"), (200, b"ok"))
    assert server.connections == 2


@pytest.mark.parametrize("told", [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"HTTP/1.1 200", b""])
async def test_a_connection_lost_before_the_end_broke(told: bytes) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(told)
        await writer.drain()
        writer.close()

    async with served(break_off) as (_, client):
        with pytest.raises(ConnectionBroke):
            await read(client)


async def test_what_is_no_http_broke() -> None:
    async with served(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as (_, client):
        with pytest.raises(ConnectionBroke, match="no HTTP"):
            await read(client)


async def test_nobody_there_is_not_connected() -> None:
    async with served(WHOLE) as (_, client):
        pass
    await asyncio.sleep(0)
    with pytest.raises(NotConnected, match="Connect"):
        await read(client)


async def test_pieces_come_as_they_come_and_silence_between_them_ends_it() -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst")
        await asyncio.Event().wait()

    async with served(slowly) as (_, client):
        answer = await client.post(b"{}", 0.05)
        told = answer.pieces()
        assert await anext(told) == b"first"
        with pytest.raises(TimeoutError):
            await anext(told)
        answer.close()


async def test_an_answer_closed_before_its_end_closes_the_connection() -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")

    async with served(half) as (server, client):
        answer = await client.post(b"{}", 5.0)
        answer.close()
        async with asyncio.timeout(5):
            await server.gone.wait()


async def test_a_caller_that_is_cancelled_closes_the_connection() -> None:
    async def silent(_: asyncio.StreamWriter) -> None:
        return

    async with served(silent) as (server, client):
        asking = asyncio.create_task(read(client))
        async with asyncio.timeout(5):
            await server.heard.wait()
            asking.cancel()
            await server.gone.wait()


@pytest.mark.parametrize("take", [pieces, Answer.read])
async def test_a_body_beyond_what_is_kept_unread_comes_whole(take: Callable[[Answer], Awaitable[Any]]) -> None:
    size = 5 * 2**20

    async def much(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        writer.write(b"x" * size)
        await writer.drain()

    async with served(much) as (_, client):
        answer = await client.post(b"{}", 5.0)
        await asyncio.sleep(0.05)
        told = await take(answer)
        answer.close()
    assert sum(map(len, told)) == size if isinstance(told, list) else len(told) == size


@pytest.mark.parametrize(("url", "key"), [("ftp://a/b", "k"), ("http:///b", "k"), ("http://a/b", "k\r\nx: y")])
def test_what_cannot_be_sent_is_refused_at_once(url: str, key: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        DirectClient(url, {"authorization": key})
