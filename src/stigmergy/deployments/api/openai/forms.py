"""The forms in which an answer is told: what every form has to say, and what it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic_core import to_json

from stigmergy.deployments.api.openai.answer import Answer
from stigmergy.domain import Task
from stigmergy.platform.engine import Recorded
from stigmergy.platform.episode.codec import encode

DONE: Final = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of an answer before there is one: ``token`` is the unique part of its ids."""

    token: str
    model: str
    created: int

    @classmethod
    def of(cls, task: Task, model: str) -> Opening:
        """The opening of a task's answer under the name that its model was asked for by."""
        return cls(task.id.removeprefix("task_"), model, int(task.created_at.timestamp()))


class Form(Protocol):
    """One way of telling an answer, whole or as server-sent events."""

    def whole(self, answer: Answer) -> bytes:
        """The answer as one document."""
        ...

    def begin(self) -> bytes:
        """What comes before the first piece of the text."""
        ...

    def piece(self, text: str) -> bytes:
        """A piece of the text."""
        ...

    def end(self, answer: Answer) -> bytes:
        """What comes after the last piece, to the end of the stream."""
        ...

    def broken(self, document: dict[str, Any]) -> bytes:
        """The error that the stream ends with: no clean end follows."""
        ...


def comment(recorded: Recorded) -> bytes:
    """An event of the episode, as a comment that clients of OpenAI's API pass over."""
    return f": {recorded.event.kind} {encode(recorded.event)}\n\n".encode()


def data(document: object) -> bytes:
    """A server-sent event without a name."""
    return b"data: " + to_json(document) + b"\n\n"
