"""What a server of OpenAI's chat completions answered, whole or in chunks, as a completion.

Servers keep to the API more or less, so each part is looked at.
"""

from __future__ import annotations

from typing import Any, Final

from stigmergy.agents.models.base import Completion, FinishReason, TokenCount, ToolCall
from stigmergy.errors import InvalidReply

_REASONS: Final[dict[str | None, FinishReason]] = {
    "length": "length",
    "content_filter": "refused",
    "tool_calls": "tool_calls",
}


def completion_of(model: str, server: str, reply: object) -> Completion:
    """The completion that is a whole answer.

    Raises:
        InvalidReply: there is neither text nor a call of a tool, or no token usage to book.
    """
    choice = _first_choice(reply)
    message = _field(choice, "message")
    if message is None:
        raise InvalidReply(model, f"{server} answered without choices; is it a chat completions API?")
    gathered = Gathered(model, server)
    gathered.read(message, _field(choice, "finish_reason"))
    gathered.usage = _field(reply, "usage")
    return gathered.completion()


class Gathered:
    """The parts of one completion as they come."""

    def __init__(self, model: str, server: str) -> None:
        self.usage: object = None
        self._model, self._server = model, server
        self._text: list[str] = []
        self._refusal = ""
        self._calls: dict[int, dict[str, Any]] = {}
        self._finish: str | None = None

    def take(self, chunk: object) -> str:
        """Take in the next chunk; returns the text that it brings.

        Raises:
            InvalidReply: its content is no text.
        """
        self.usage = _field(chunk, "usage") or self.usage
        choice = _first_choice(chunk)
        return self.read(_field(choice, "delta"), _field(choice, "finish_reason"))

    def read(self, said: object, finish: object) -> str:
        """Take in a message or a delta of one; returns its text."""
        self._finish = finish if isinstance(finish, str) else self._finish
        self._refusal += _field(said, "refusal") or ""
        for place, call in enumerate(_field(said, "tool_calls") or ()):
            self._add_call(_field(call, "index"), place, call)
        text = _field(said, "content") or ""
        if not isinstance(text, str):
            raise InvalidReply(self._model, f"{self._server} answered with content that is no text")
        if text:
            self._text.append(text)
        return text

    def completion(self) -> Completion:
        """What the parts are together.

        Raises:
            InvalidReply: as ``completion_of``; so it is with a stream that was broken off.
        """
        calls: tuple[ToolCall, ...] = tuple(self._calls[place] for place in sorted(self._calls))
        reason: FinishReason = "tool_calls" if calls else _REASONS.get(self._finish, "stop")
        if self._refusal:
            reason = "refused"
        text = self._refusal or "".join(self._text)
        if not text.strip() and not calls and reason != "refused":
            raise InvalidReply(self._model, f"{self._server} answered without text (finish reason {self._finish!r})")
        return Completion(text, self._tokens(), reason, calls)

    def _add_call(self, index: int | None, place: int, call: Any) -> None:
        function = _field(call, "function")
        known = self._calls.setdefault(
            place if index is None else index,
            {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
        )
        known["id"] = _field(call, "id") or known["id"]
        known["function"]["name"] += _field(function, "name") or ""
        known["function"]["arguments"] += _field(function, "arguments") or ""

    def _tokens(self) -> TokenCount:
        read, written = (_field(self.usage, field) for field in ("prompt_tokens", "completion_tokens"))
        if not (isinstance(read, int) and isinstance(written, int) and min(read, written) >= 0):
            raise InvalidReply(self._model, f"{self._server} stated no token usage: the call cannot be booked")
        cached = _field(_field(self.usage, "prompt_tokens_details"), "cached_tokens")
        # A count that cannot be is not believed: what is not known to be cached costs more, so no budget is overspent.
        return TokenCount(read, written, cached if isinstance(cached, int) and 0 <= cached <= read else 0)


def _field(part: object, name: str) -> Any:
    """A field of a part of the answer; None where either is missing."""
    return part.get(name) if isinstance(part, dict) else None


def _first_choice(answer: object) -> object:
    choices: Any = _field(answer, "choices")
    return choices[0] if isinstance(choices, list) and choices else None
