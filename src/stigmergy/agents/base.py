"""The contract of an agent: a request in, a reply or an AgentError out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from stigmergy.domain import NO_USAGE, AgentId, AgentProfile, Message, ModelOptions, NodeId, TaskType, TokenCaps, Usage

Data: TypeAlias = Mapping[str, Any]
"""JSON-compatible values that one agent hands to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an agent answered.

    ``text`` is for people and language models, ``data`` for programs further down the route. ``answered`` is False
    when the agent honestly could not do the work: that is a poor answer, not a failed call. ``verdict`` is a
    checker's judgement of the work before it, in [0, 1]. ``hand_back`` gives the work back undone, and says why
    ("not mine: a refund"): the reply is charged and not committed, and somebody else is asked; an agent that gives
    work back must not have done anything with it. The engine sets ``node`` and ``canonical``.
    """

    text: str
    data: Data = field(default_factory=dict)
    usage: Usage = NO_USAGE
    answered: bool = True
    confidence: float | None = None
    verdict: float | None = None
    hand_back: str | None = None
    canonical: str | None = None
    agent: AgentId = ""
    node: NodeId = ""


class Listener:
    """Hears a reply's text while it is written. It stays in its process: what is sent elsewhere has no listener."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.heard = False
        """Whether anything was told: from then on no other reply can take the place of this one."""

    def hear(self, piece: str) -> None:
        """Take the next piece of the text."""
        if piece:
            self.heard = True
            self._tell(piece)

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _nobody, ()


def _nobody() -> None:
    """What becomes of a listener in another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an agent is asked: the task, the committed replies in order, and the limits of this call.

    ``step_key`` is the idempotency key: two requests with one key are the same work. ``options`` are set where the
    reply may be the answer, ``listener`` where it will be, if somebody listens: an agent that can write its reply
    piece by piece tells it each of them, and what it told is the text of its reply. Others need not know of it.
    """

    text: str
    messages: tuple[Message, ...] = ()
    task_type: TaskType | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[Reply, ...] = ()
    step_key: str
    timeout_s: float
    caps: TokenCaps = field(default_factory=TokenCaps)
    options: ModelOptions = field(default_factory=dict)
    listener: Listener | None = field(default=None, compare=False)

    def last(self) -> Reply | None:
        """The newest committed reply, or None at the first hop."""
        return self.replies[-1] if self.replies else None


class Agent(Protocol):
    """Something that does one piece of work for a price."""

    @property
    def profile(self) -> AgentProfile:
        """What is known of the agent without asking it."""
        ...

    async def call(self, request: Request) -> Reply:
        """Do the work once, without retries.

        Raises:
            AgentError: the call failed; its subclass says how.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections, threads and processes."""
        ...
