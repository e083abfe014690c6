"""How a request becomes a conversation, and how stated figures are read out of an answer."""

from __future__ import annotations

import re
from typing import Final

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.models.base import Messages
from stigmergy.domain import Message

_ANSWER: Final = re.compile(r"^[ \t*_#>]*(?:final )?answer[*_]*[ \t]*:[*_]*[ \t]*", re.IGNORECASE | re.MULTILINE)
_FIGURE: Final = r"^[ \t*_#>]*{name}[*_]*[ \t]*:[*_ \t]*([01](?:\.\d+)?|\.\d+|\d{{1,3}}(?:\.\d+)?[ \t]*%)[*_ \t]*$"
_CONFIDENCE_LINE: Final = re.compile(r"^[ \t*_#>]*confidence[*_]*[ \t]*:.*$", re.IGNORECASE | re.MULTILINE)


def conversation(request: Request, system: str, extra: str = "") -> Messages:
    """The messages of a request: system prompt, what the user said, earlier replies as context.

    Earlier replies and ``extra`` are appended to the last user message, because many servers accept only
    conversations whose roles alternate.
    """
    said = request.messages or (Message("user", request.text),)
    head = (Message("system", system),) if system else ()
    if said[-1].role == "tool":
        # The model asked for what the tools say: the question is not put again.
        said = (*said, Message("user", ""))
    elif said[-1].role != "user":
        said = (*said, Message("user", request.text))
    parts = [said[-1].content, _context(request.replies), extra]
    last = Message("user", "\n\n".join(part for part in parts if part), said[-1].details)
    return (*head, *said[:-1], last) if last.content else (*head, *said[:-1])


def _context(replies: tuple[Reply, ...]) -> str:
    if not replies:
        return ""
    lines = (f"[{number}] {reply.agent or 'agent'}: {reply.text}" for number, reply in enumerate(replies, 1))
    return "Work done so far, oldest first:\n" + "\n".join(lines)


def stated_answer(text: str) -> str:
    """What follows the last ``Answer:`` without a ``Confidence:`` line; the whole text where nothing does."""
    without_figures = _CONFIDENCE_LINE.sub("", text)
    return _ANSWER.split(without_figures)[-1].strip() or without_figures.strip() or text.strip()


def stated_figure(text: str, name: str) -> float | None:
    """The number in [0, 1] (or percentage) on the last line ``<name>: <number>``; None where there is none."""
    found = re.findall(_FIGURE.format(name=re.escape(name)), text, re.IGNORECASE | re.MULTILINE)
    if not found:
        return None
    figure = str(found[-1])
    value = float(figure.rstrip("% \t")) / 100 if figure.endswith("%") else float(figure)
    return value if value <= 1 else None
