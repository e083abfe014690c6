"""How an agent asks its language model: in one call or in several.

A strategy is a small frozen object that turns a request into questions and their answers into a draft. It states the
most model calls it may make; ``caps.max_model_calls`` of its agent must cover them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Protocol, TypeAlias

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.models.base import Messages
from stigmergy.agents.prompts import conversation, stated_answer, stated_figure
from stigmergy.domain import TokenCaps

StrategyName: TypeAlias = Literal["direct", "chain_of_thought", "reflect", "verify", "refine"]
Ask: TypeAlias = Callable[[Messages], Awaitable[str]]
"""One model call: a conversation in, the completion's text out."""

_FORM: Final = (
    "End with two lines of exactly this form:\nAnswer: <the answer alone>\n"
    "Confidence: <the probability that it is right, a number from 0 to 1>"
)
_STEPS: Final = f"Think step by step. {_FORM}"
_CHECK: Final = (
    "Check the candidate answer independently: solve the question yourself, then compare. End with one line of exactly "
    "this form:\nCorrect: <the probability that the candidate is right, a number from 0 to 1>"
)
_CRITICISE: Final = f"Look for mistakes in the draft, name them, and correct them. {_FORM}"
_IMPROVE: Final = f"Improve the candidate answer: keep what is right, repair what is wrong or missing. {_FORM}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a strategy came to. ``confidence`` and ``verdict`` lie in [0, 1]; None: the model stated none."""

    text: str
    confidence: float | None = None
    verdict: float | None = None


class Strategy(Protocol):
    """A way of asking a language model."""

    max_calls: ClassVar[int]
    """The most model calls one request takes."""
    verbatim: ClassVar[bool]
    """Whether the completion is the reply as it is: only then it can be told as it comes, and call tools."""

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """Ask until there is a draft. ``role`` opens every system prompt; errors of ``ask`` pass through."""
        ...


def _system(role: str, instruction: str) -> str:
    return "\n\n".join(part for part in (role, instruction) if part)


def _stated(text: str) -> Draft:
    return Draft(stated_answer(text), stated_figure(text, "confidence"))


def _candidate(text: str) -> str:
    return f"Candidate answer:\n{text}"


@dataclass(frozen=True, slots=True)
class Direct:
    """The question as it is; the completion is the answer."""

    max_calls: ClassVar[int] = 1
    verbatim: ClassVar[bool] = True

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """One call."""
        return Draft((await ask(conversation(request, role))).strip())


@dataclass(frozen=True, slots=True)
class ChainOfThought:
    """Reasoning first, then the answer and a confidence."""

    max_calls: ClassVar[int] = 1
    verbatim: ClassVar[bool] = False

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """One call."""
        return _stated(await ask(conversation(request, _system(role, _STEPS))))


@dataclass(frozen=True, slots=True)
class Reflect:
    """A draft with reasoning, then criticism and correction of that draft."""

    max_calls: ClassVar[int] = 2
    verbatim: ClassVar[bool] = False

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """Two calls."""
        draft = await ask(conversation(request, _system(role, _STEPS)))
        messages = conversation(request, _system(role, _CRITICISE), f"Draft:\n{draft}")
        return _stated(await ask(messages))


@dataclass(frozen=True, slots=True)
class Verify:
    """Judges the newest earlier reply and hands it on; where there is none, judges an answer of its own.

    A judgement of somebody else's work is the draft's ``verdict``, a judgement of its own work its ``confidence``.
    """

    max_calls: ClassVar[int] = 2
    verbatim: ClassVar[bool] = False

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """One call, or two where there is no earlier reply."""
        earlier = request.last()
        candidate = await _candidate_of(earlier, request, role, ask)
        checked = await ask(conversation(request, _system(role, _CHECK), _candidate(candidate)))
        probability = stated_figure(checked, "correct")
        if earlier is None:
            return Draft(candidate, confidence=probability)
        return Draft(candidate, confidence=earlier.confidence, verdict=probability)


@dataclass(frozen=True, slots=True)
class Refine:
    """Improves the newest earlier reply; where there is none, an answer of its own."""

    max_calls: ClassVar[int] = 2
    verbatim: ClassVar[bool] = False

    async def answer(self, request: Request, role: str, ask: Ask) -> Draft:
        """One call, or two where there is no earlier reply."""
        candidate = await _candidate_of(request.last(), request, role, ask)
        return _stated(await ask(conversation(request, _system(role, _IMPROVE), _candidate(candidate))))


async def _candidate_of(earlier: Reply | None, request: Request, role: str, ask: Ask) -> str:
    return earlier.text if earlier else (await Direct().answer(request, role, ask)).text


STRATEGIES: Final[Mapping[StrategyName, Strategy]] = {
    "direct": Direct(),
    "chain_of_thought": ChainOfThought(),
    "reflect": Reflect(),
    "verify": Verify(),
    "refine": Refine(),
}


def uncovered_calls(strategy: str, max_calls: int, caps: TokenCaps) -> str | None:
    """What is wrong with caps that do not cover a strategy's model calls; None when they do."""
    if max_calls <= caps.max_model_calls:
        return None
    return (
        f"caps.max_model_calls = {caps.max_model_calls}, but strategy {strategy!r} makes up to {max_calls} model calls;"
        f" state at least {max_calls}, or the worst case is not covered"
    )
