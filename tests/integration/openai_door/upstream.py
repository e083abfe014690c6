"""A server of OpenAI's chat completions that plays what the question asks for. Not a mock: clients speak HTTP to it."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any, Final

from aiohttp import web

TOOL_CALL: Final = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
}
USAGE: Final = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
_CACHED: Final = {"prompt_tokens_details": {"cached_tokens": 8}}


class Upstream:
    """Answers "answer: X" to a question X, word by word in a stream; ``fail`` and other words change what it does.

    Of a ``warm`` question it had 8 tokens cached.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self._more = asyncio.Condition()
        self.left = asyncio.Event()
        """A caller went away before the end."""
        self.runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        self.runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self.runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self.runner, listening).start()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"

    async def has_been_asked(self, times: int) -> None:
        """Wait until it has."""
        async with self._more:
            await self._more.wait_for(lambda: len(self.asked) >= times)

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        async with self._more:
            self.asked.append(asked)
            self._more.notify_all()
        question = asked["messages"][-1]["content"]
        if "refuse all" in question or (asked["model"] == "first" and "first fails" in question):
            return web.json_response({"error": {"message": "no", "type": "server_error", "code": None}}, status=500)
        message, finish = _said(asked, question)
        try:
            if "hang" in question and "stream" not in asked:
                await asyncio.Event().wait()
            return await (
                self._stream(request, question, message, finish)
                if asked.get("stream")
                else _whole(question, message, finish)
            )
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def _stream(
        self, request: web.Request, question: str, message: dict[str, Any], finish: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for delta in _deltas(message):
            await _send(response, [{"index": 0, "delta": delta, "finish_reason": None}])
            if "break off" in question and "content" in delta:
                assert request.transport is not None
                request.transport.close()
                return response
            if "hang" in question and "content" in delta:
                await asyncio.Event().wait()
        await _send(response, [{"index": 0, "delta": {}, "finish_reason": finish}])
        await _send(response, [], _used(question))
        await response.write(b"data: [DONE]\n\n")
        return response


def _said(asked: dict[str, Any], question: str) -> tuple[dict[str, Any], str]:
    if asked.get("tools") and asked["messages"][-1]["role"] == "user":
        return {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, "tool_calls"
    if "to the limit" in question:
        return {"role": "assistant", "content": "cut"}, "length"
    return {"role": "assistant", "content": f"answer: {question}"}, "stop"


def _used(question: str) -> dict[str, Any]:
    return {**USAGE, **_CACHED} if "warm" in question else USAGE


async def _whole(question: str, message: dict[str, Any], finish: str) -> web.Response:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    told = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return web.json_response({**told, "usage": _used(question)})


def _deltas(message: dict[str, Any]) -> list[dict[str, Any]]:
    if "tool_calls" in message:
        call, function = TOOL_CALL, TOOL_CALL["function"]
        assert isinstance(function, dict)
        begun = {"index": 0, "id": call["id"], "type": "function", "function": {**function, "arguments": ""}}
        rest = [function["arguments"][:8], function["arguments"][8:]]
        return [
            {"role": "assistant", "tool_calls": [begun]},
            *({"tool_calls": [{"index": 0, "function": {"arguments": each}}]} for each in rest),
        ]
    return [{"role": "assistant"}, *({"content": f"{word} "} for word in message["content"].split(" "))]


async def _send(response: web.StreamResponse, choices: list[Any], usage: object = None) -> None:
    chunk = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }
    await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
