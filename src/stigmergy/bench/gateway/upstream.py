"""A language model's server that costs next to nothing: canned completions, after as long as the path says.

``python -m stigmergy.bench.gateway.upstream`` prints the port that it took, and answers
``POST /MILLISECONDS/v1/chat/completions`` until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Final, cast

import uvloop

from stigmergy.bench.gateway.http import Message, answer, chunk, chunked

WORDS: Final = ("The", "answer", "is", "forty-two", "and", "nobody", "asked", "why")
_MODEL: Final = "fake"
_ID: Final = "chatcmpl-fake"
_USAGE: Final = {"prompt_tokens": 12, "completion_tokens": len(WORDS), "total_tokens": 12 + len(WORDS)}


def completion() -> bytes:
    """The whole completion."""
    message = {"role": "assistant", "content": " ".join(WORDS)}
    choices = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
    return _json({**_head("chat.completion"), "choices": choices, "usage": _USAGE})


def events() -> tuple[bytes, ...]:
    """The same completion as a stream, word by word."""
    deltas = [{"role": "assistant", "content": ""}, *({"content": f" {w}" if n else w} for n, w in enumerate(WORDS))]
    told = [_event([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    return (
        *told,
        _event([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        _event([], _USAGE),
        b"data: [DONE]\n\n",
    )


def _event(choices: list[Any], usage: Any = None) -> bytes:
    return b"data: " + _json({**_head("chat.completion.chunk"), "choices": choices, "usage": usage}) + b"\n\n"


def _head(kind: str) -> dict[str, Any]:
    return {"id": _ID, "object": kind, "created": 1_700_000_000, "model": _MODEL}


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


_WHOLE: Final = answer("application/json", completion())
_OPENED: Final = chunked("text/event-stream")
_CHUNKS: Final = tuple(map(chunk, (*events(), b"")))


class Upstream(asyncio.Protocol):
    """One connection. A stream begins after the delay, and then comes event by event."""

    def __init__(self) -> None:
        self._asked = Message()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if not self._asked.feed(data):
            return
        asked, self._asked = self._asked, Message()
        delay_ms = int(asked.head.split(b"/", 2)[1])
        parts = (_OPENED, *_CHUNKS) if b'"stream":true' in asked.body.replace(b" ", b"") else (_WHOLE,)
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self._tell, parts)
        else:
            self._tell(parts)

    def _tell(self, parts: tuple[bytes, ...]) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            for part in parts:
                transport.write(part)


async def serve() -> None:
    """Answer until standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Upstream, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
