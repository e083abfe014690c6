"""Against a real HTTP server on the loopback that plays an OpenAI-compatible upstream."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from stigmergy.agents.models.base import Completion, TokenCount
from stigmergy.agents.models.openai_compatible import OpenAICompatibleModel
from stigmergy.domain import Message
from stigmergy.errors import (
    AgentError,
    AgentFailed,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InputTooLong,
    InvalidReply,
)

QUESTION = (Message("system", "be brief"), Message("user", "six by seven?"))


def completion(**changed: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "42", **changed.pop("message", {})}
    choice = {"index": 0, "finish_reason": changed.pop("finish_reason", "stop"), "message": message}
    usage = {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return whole | changed


def refusal(code: str | None = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": "said the upstream", "code": code, "type": kind}}


class Upstream:
    """Answers every request with ``status`` and ``body``; keeps what it was asked and over which connections."""

    def __init__(self) -> None:
        self.status = 200
        self.body: str = json.dumps(completion())
        self.content_type = "application/json"
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.peers: set[Any] = set()
        self.before: Callable[[web.Request], Awaitable[None]] | None = None
        self.url = ""

    def say(self, document: object, status: int = 200) -> None:
        self.body, self.status = json.dumps(document), status

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers["Authorization"])
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        if self.before is not None:
            await self.before(request)
        return web.Response(text=self.body, status=self.status, content_type=self.content_type)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    server = Upstream()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    yield server
    await runner.cleanup()


@pytest.fixture
async def model(upstream: Upstream) -> AsyncIterator[OpenAICompatibleModel]:
    model = OpenAICompatibleModel("gpt", "gpt-test", upstream.url, "a-key")
    yield model
    await model.aclose()


async def asked(model: OpenAICompatibleModel, timeout_s: float = 10.0) -> Completion:
    return await model.complete(QUESTION, 64, 0.5, timeout_s, seed=7)


async def test_a_completion_comes_with_the_tokens_that_the_server_counted(
    upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    assert await asked(model) == Completion("42", TokenCount(11, 2), "stop")
    assert upstream.keys == ["Bearer a-key"]
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "six by seven?"}]
    options = {"model": "gpt-test", "max_tokens": 64, "temperature": 0.5, "seed": 7}
    assert upstream.asked == [{"messages": messages, **options}]


async def test_what_is_not_stated_is_not_sent_and_the_limit_goes_by_the_servers_name(upstream: Upstream) -> None:
    model = OpenAICompatibleModel("gpt", "m", upstream.url, limit_field="max_completion_tokens")
    await model.complete(QUESTION, 64, None, 10.0)
    assert upstream.asked[0].keys() == {"messages", "model", "max_completion_tokens"}
    await model.aclose()


async def test_the_connection_is_kept_from_call_to_call(upstream: Upstream, model: OpenAICompatibleModel) -> None:
    for _ in range(3):
        await asked(model)
    assert len(upstream.peers) == 1


async def test_a_cut_completion_says_so(upstream: Upstream, model: OpenAICompatibleModel) -> None:
    upstream.say(completion(finish_reason="length"))
    assert (await asked(model)).finish_reason == "length"


@pytest.mark.parametrize(
    "said", [{"finish_reason": "content_filter", "message": {"content": None}}, {"message": {"refusal": "I will not"}}]
)
async def test_a_billed_refusal_is_a_completion_with_its_tokens(
    said: dict[str, Any], upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    upstream.say(completion(**said))
    done = await asked(model)
    assert (done.finish_reason, done.usage) == ("refused", TokenCount(11, 2))


@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (401, refusal("invalid_api_key"), AgentUnavailable),
        (402, refusal(), AgentUnavailable),
        (404, refusal("model_not_found"), AgentUnavailable),
        (429, refusal("insufficient_quota"), AgentUnavailable),
        (429, refusal(None, "insufficient_quota"), AgentUnavailable),
        (429, refusal("rate_limit_exceeded"), AgentOverloaded),
        (503, refusal(), AgentOverloaded),
        (408, refusal(), AgentTimedOut),
        (400, refusal("content_filter"), AgentRefused),
        (400, refusal("content_policy_violation"), AgentRefused),
        (400, refusal("context_length_exceeded"), InputTooLong),
        (400, refusal("invalid_value"), AgentFailed),
        (500, refusal(), AgentFailed),
        (502, refusal(), AgentFailed),
    ],
)
async def test_a_status_is_the_error_it_amounts_to_and_is_not_retried(
    status: int, document: object, error: type[AgentError], upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    upstream.say(document, status)
    with pytest.raises(error, match=f"agent 'gpt': HTTP {status}.*said the upstream") as caught:
        await asked(model)
    assert type(caught.value) is error
    assert len(upstream.asked) == 1


async def test_a_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    model = OpenAICompatibleModel("gpt", "m", f"http://127.0.0.1:{port}/v1")
    with pytest.raises(AgentUnavailable, match="cannot connect"):
        await asked(model)
    await model.aclose()


async def test_a_connection_that_breaks_on_the_way_has_failed(upstream: Upstream, model: OpenAICompatibleModel) -> None:
    async def hang_up(request: web.Request) -> None:
        assert request.transport is not None
        request.transport.close()

    upstream.before = hang_up
    with pytest.raises(AgentFailed, match="the connection broke"):
        await asked(model)


async def test_a_server_that_does_not_answer_in_time_times_out(
    upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    async def hold(_: web.Request) -> None:
        await asyncio.Event().wait()

    upstream.before = hold
    with pytest.raises(AgentTimedOut, match="gpt"):
        await asked(model, timeout_s=0.05)


@pytest.mark.parametrize(
    "body",
    [
        "{not json",
        "[]",
        "null",
        json.dumps({"hello": "world"}),
        json.dumps(completion(choices=[])),
        json.dumps(completion(choices="none")),
        json.dumps(completion(message={"content": None})),
        json.dumps(completion(message={"content": "  "})),
        json.dumps(completion(message={"content": 7})),
        json.dumps(completion(usage=None)),
        json.dumps(completion(usage={"prompt_tokens": "many", "completion_tokens": 1})),
        json.dumps(completion(usage={"prompt_tokens": -1, "completion_tokens": 1})),
    ],
)
async def test_a_body_that_is_no_completion_is_an_invalid_reply(
    body: str, upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    upstream.body = body
    with pytest.raises(InvalidReply, match="gpt"):
        await asked(model)


async def test_a_web_page_is_an_invalid_reply(upstream: Upstream, model: OpenAICompatibleModel) -> None:
    upstream.body, upstream.content_type = "<html>welcome</html>", "text/html"
    with pytest.raises(InvalidReply, match="is it a chat completions API"):
        await asked(model)


async def test_closing_twice_does_no_harm_and_a_later_call_connects_anew(
    upstream: Upstream, model: OpenAICompatibleModel
) -> None:
    await asked(model)
    await model.aclose()
    await model.aclose()
    assert (await asked(model)).text == "42"


async def test_a_proxy_that_the_environment_names_is_asked(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n")).strip())
        body = upstream.body.encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    model = OpenAICompatibleModel("gpt", "m", "http://far.invalid/v1")
    assert (await asked(model)).text == "42"
    assert seen == [b"POST http://far.invalid/v1/chat/completions HTTP/1.1"]
    await model.aclose()
    listening.close()


async def test_a_key_that_no_header_can_hold_is_unavailable(upstream: Upstream) -> None:
    model = OpenAICompatibleModel("gpt", "m", upstream.url, "two\nlines")
    with pytest.raises(AgentUnavailable, match="line break"):
        await asked(model)
