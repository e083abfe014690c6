"""Against real servers on the loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stigmergy.agents.configs import OpenAICompatibleConfig
from stigmergy.agents.models.openai_compatible import OpenAICompatibleModel
from stigmergy.agents.models.pool import PoolConfig
from stigmergy.domain import Message
from stigmergy.errors import AgentOverloaded, AgentTimedOut, AgentUnavailable, ConfigError
from stigmergy.platform.settings import settings_from

BODY = (
    b'{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "42"}}],'
    b' "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'
)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Server:
    """Reads requests and answers each once it may; counts connections, and the requests that it has at once."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Semaphore(0)
        self.left = asyncio.Event()
        self.connections = self.at_once = self.most_at_once = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._request(reader):
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                self.asked.release()
                await self.may_answer.wait()
                self.at_once -= 1
                writer.write(ANSWER)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left.set()
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        sizes = (line.partition(b":")[2] for line in head.splitlines() if line.lower().startswith(b"content-length"))
        await reader.readexactly(int(next(sizes)))
        return True


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    playing = Server()
    listening = await asyncio.start_server(playing.serve, "127.0.0.1", 0)
    playing.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    yield playing
    playing.may_answer.set()
    listening.close()


@asynccontextmanager
async def model_of(url: str, pool: PoolConfig) -> AsyncIterator[OpenAICompatibleModel]:
    model = OpenAICompatibleModel("gpt", "m", url, pool=pool)
    yield model
    await model.aclose()


async def ask(model: OpenAICompatibleModel) -> str:
    return (await model.complete((Message("user", "x"),), 8, None, 10.0)).text


async def test_no_more_connections_are_made_than_the_pool_has(server: Server) -> None:
    async with model_of(server.url, PoolConfig(max_connections=3)) as model:
        asking = [asyncio.create_task(ask(model)) for _ in range(12)]
        for _ in range(3):
            await server.asked.acquire()
        server.may_answer.set()
        assert await asyncio.gather(*asking) == ["42"] * 12

    assert (server.connections, server.most_at_once) == (3, 3)


async def test_a_full_pool_is_overload_after_the_stated_wait_and_sends_nothing(server: Server) -> None:
    async with model_of(server.url, PoolConfig(max_connections=1, queue_wait_s=0.01)) as model:
        first = asyncio.create_task(ask(model))
        await server.asked.acquire()
        with pytest.raises(AgentOverloaded, match=r"all 1 connections were taken, and none became free within 0\.01 s"):
            await ask(model)
        server.may_answer.set()

        assert await first == await ask(model) == "42"
    assert server.most_at_once == 1


async def test_a_call_that_is_given_up_gives_its_connection_back(server: Server) -> None:
    async with model_of(server.url, PoolConfig(max_connections=1, queue_wait_s=0)) as model:
        given_up = asyncio.create_task(ask(model))
        await server.asked.acquire()
        given_up.cancel()
        await asyncio.wait([given_up])
        server.may_answer.set()

        assert await ask(model) == "42"


async def test_an_idle_connection_is_closed_after_its_time(server: Server) -> None:
    server.may_answer.set()
    async with model_of(server.url, PoolConfig(keep_alive_s=0.02)) as model:
        assert await ask(model) == "42"
        await asyncio.wait_for(server.left.wait(), 10)
        assert await ask(model) == "42"

    assert server.connections == 2


@pytest.mark.parametrize("pool", [PoolConfig(read_timeout_s=0.02), PoolConfig(total_timeout_s=0.02)])
async def test_an_answer_that_does_not_come_ends_at_the_pools_limit_before_the_agents(
    server: Server, pool: PoolConfig
) -> None:
    async with model_of(server.url, pool) as model:
        with pytest.raises(AgentTimedOut):
            await ask(model)


async def test_a_connection_that_does_not_stand_in_time_means_that_nothing_was_sent() -> None:
    with socket.socket() as deaf, socket.socket() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        # Its only place for a connection that nobody accepts is taken: further ones hang.
        waiting.connect(deaf.getsockname())
        async with model_of(f"http://127.0.0.1:{deaf.getsockname()[1]}", PoolConfig(connect_timeout_s=0.05)) as model:
            with pytest.raises(AgentUnavailable, match="cannot connect"):
                await ask(model)


def test_the_pool_is_read_from_the_configuration() -> None:
    config = settings_from(site("pool: {max_connections: 2, queue_wait_s: 0.5}"), {}).models["m"]
    assert isinstance(config, OpenAICompatibleConfig)
    assert config.pool == PoolConfig(max_connections=2, queue_wait_s=0.5)


@pytest.mark.parametrize("wrong", ["max_connections: 0", "keep_alive_s: 0", "read_timeout_s: -1", "queue_wait_s: .inf"])
def test_a_limit_that_is_none_is_named_with_its_path(wrong: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_from(site(f"pool: {{{wrong}}}"), {})

    ((path, problem),) = refused.value.problems
    assert path == "models.m.pool"
    assert f"pool.{wrong.partition(':')[0]} = " in problem


def site(pool: str) -> str:
    return f"""
models: {{m: {{kind: openai_compatible, model: gpt-4o, api_key_env: null, {pool}}}}}
agents: {{clerk: {{kind: llm, model: m}}}}
graphs: {{g: {{stages: [[clerk]], router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
"""
