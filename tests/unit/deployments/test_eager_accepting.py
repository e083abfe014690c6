"""How connections are accepted that come together."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import pytest
import uvloop
from uvicorn import Config, Server

from stigmergy.deployments.eager_accepting import Acceptor, accept_all_that_wait

_CALLERS = 20


class _Rounds(asyncio.Protocol):
    """Notes in which round of the loop each connection was made, and with which options."""

    def __init__(self, now: list[int], made: list[int], nodelay: list[int]) -> None:
        self._now, self._made, self._nodelay = now, made, nodelay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made.append(self._now[0])
        told = transport.get_extra_info("socket")
        self._nodelay.append(told.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        transport.close()


async def _rounds_until_all_are_accepted(*, eagerly: bool) -> tuple[int, list[int]]:
    loop = asyncio.get_running_loop()
    now, made, nodelay = [0], list[int](), list[int]()

    def protocol() -> asyncio.Protocol:
        return _Rounds(now, made, nodelay)

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    acceptor = Acceptor(socket.socket(fileno=server.sockets[0].dup().detach()), protocol)
    with ExitStack() as stack:
        for _ in range(_CALLERS):
            stack.enter_context(socket.create_connection(address))
        if eagerly:
            acceptor.begin()
        while len(made) < _CALLERS:
            now[0] += 1
            await asyncio.sleep(0)
    acceptor.close()
    acceptor.close()
    server.close()
    await server.wait_closed()
    return made[-1] - made[0], nodelay


def test_the_loop_alone_accepts_one_caller_in_a_round() -> None:
    rounds, _ = uvloop.run(_rounds_until_all_are_accepted(eagerly=False))
    assert rounds >= _CALLERS - 1


def test_beside_an_acceptor_all_callers_that_wait_are_accepted_together() -> None:
    rounds, nodelay = uvloop.run(_rounds_until_all_are_accepted(eagerly=True))
    assert rounds <= 2
    assert all(nodelay)


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    """An application that is never asked."""


async def _served_and_closed() -> tuple[int, int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        server = Server(Config(_nothing, lifespan="off", log_config=None))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([listener])
        accepting = len(server.servers)
        await server.shutdown([listener])
    with socket.socket() as caller:
        return accepting, caller.connect_ex(address)


def test_a_server_of_uvicorn_closes_its_acceptor_with_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "startup", Server.startup)
    accept_all_that_wait()
    accepting, refused = uvloop.run(_served_and_closed())
    assert accepting == 2
    assert refused
