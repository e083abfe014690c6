"""What a server of OpenAI's chat completions answered, whole or in chunks, as a completion.

The client's types promise more than servers keep, so each part is looked at.
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
    message = getattr(choice, "message", None)
    if message is None:
        raise InvalidReply(model, f"{server} answered without choices; is it a chat completions API?")
    gathered = Gathered(model, server)
    gathered.read(message, getattr(choice, "finish_reason", None))
    gathered.usage = getattr(reply, "usage", None)
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
        self.usage = getattr(chunk, "usage", None) or self.usage
        choice = _first_choice(chunk)
        return self.read(getattr(choice, "delta", None), getattr(choice, "finish_reason", None))

    def read(self, said: object, finish: object) -> str:
        """Take in a message or a delta of one; returns its text."""
        self._finish = finish if isinstance(finish, str) else self._finish
        self._refusal += getattr(said, "refusal", None) or ""
        for place, call in enumerate(getattr(said, "tool_calls", None) or ()):
            self._add_call(getattr(call, "index", None), place, call)
        text = getattr(said, "content", None) or ""
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
        function = getattr(call, "function", None)
        known = self._calls.setdefault(
            place if index is None else index,
            {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
        )
        known["id"] = getattr(call, "id", None) or known["id"]
        known["function"]["name"] += getattr(function, "name", None) or ""
        known["function"]["arguments"] += getattr(function, "arguments", None) or ""

    def _tokens(self) -> TokenCount:
        read, written = (getattr(self.usage, field, None) for field in ("prompt_tokens", "completion_tokens"))
        if not (isinstance(read, int) and isinstance(written, int) and min(read, written) >= 0):
            raise InvalidReply(self._model, f"{self._server} stated no token usage: the call cannot be booked")
        return TokenCount(read, written)


def _first_choice(answer: object) -> object:
    choices: Any = getattr(answer, "choices", None)
    return choices[0] if isinstance(choices, list) and choices else None
