"""As much of HTTP/1.1 as two ends need that know each other: one message at a time, over connections that stay open."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSES: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_HEAD_ENDS: Final = b"\r\n\r\n"
# No body of the bench has it within: events of a stream hold JSON and end with line feeds alone or in pairs.
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


@dataclass(slots=True)
class Message:
    """A request or an answer as it comes in, piece by piece; ``head`` is empty until all of it is there."""

    head: bytes = b""
    _received: bytearray = field(default_factory=bytearray)
    _length: int | None = 0

    def feed(self, data: bytes) -> bool:
        """Take in what has come; whether the message is complete."""
        self._received += data
        if not self.head and not self._read_head():
            return False
        if self._length is None:
            return self._received.endswith(_LAST_CHUNK) or self._received.startswith(_LAST_CHUNK[2:])
        return len(self._received) >= self._length

    @property
    def body(self) -> bytes:
        """The body so far; chunks with their lengths round them."""
        return bytes(self._received)

    @property
    def status(self) -> int:
        """Of an answer: its status."""
        return int(self.head[9:12])

    @property
    def closes(self) -> bool:
        """Whether who sent it closes the connection then."""
        return _CLOSES.search(self.head) is not None

    def _read_head(self) -> bool:
        head, ends, rest = self._received.partition(_HEAD_ENDS)
        if not ends:
            return False
        self.head, self._received = bytes(head), rest
        stated = _LENGTH.search(head)
        self._length = int(stated.group(1)) if stated else None if _CHUNKED.search(head) else 0
        return True


def request(method: str, path: str, host: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """A request as bytes, its headers open at the end for ``with_header``."""
    lines = (f"{method} {path} HTTP/1.1", f"host: {host}", "content-type: application/json")
    more = (*(f"{name}: {value}" for name, value in headers), f"content-length: {len(body)}")
    return "\r\n".join((*lines, *more)).encode() + _HEAD_ENDS + body


def with_header(message: bytes, header: bytes) -> bytes:
    """The message with one more header."""
    head, ends, body = message.partition(_HEAD_ENDS)
    return head + b"\r\n" + header + ends + body


def answer(content_type: str, body: bytes) -> bytes:
    """A good answer with its body."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def chunked(content_type: str) -> bytes:
    """The head of a good answer that comes in chunks."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    """One chunk; the empty one ends the answer."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
