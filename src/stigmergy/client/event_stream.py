"""Server-sent events to models. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from stigmergy.errors import UnexpectedReply
from stigmergy.wire import TaskEvent

END = "end"


class EventReader:
    """Takes the bytes of a stream as they come. Lines end with LF alone, as this API writes them."""

    def __init__(self, after: int | None = None) -> None:
        self._rest = b""
        self.after = after
        self.ended = False

    def read(self, chunk: bytes) -> Iterator[TaskEvent]:
        """The events that are complete with this chunk; ``after`` is the number of the latest.

        Raises:
            UnexpectedReply: an event is not of this API.
        """
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            fields = dict(_field(line) for line in block.split(b"\n") if line and not line.startswith(b":"))
            if fields:
                yield self._event(fields)

    def _event(self, fields: dict[bytes, bytes]) -> TaskEvent:
        seq, kind, data = fields.get(b"id", b"null"), fields.get(b"event", b""), fields.get(b"data", b"")
        try:
            event = TaskEvent.model_validate_json(b'{"seq":%b,"kind":"%b","data":%b}' % (seq, kind, data))
        except ValidationError:
            raise UnexpectedReply(200, data.decode(errors="replace")) from None
        self.after = self.after if event.seq is None else event.seq
        self.ended = event.kind == END
        return event


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")
