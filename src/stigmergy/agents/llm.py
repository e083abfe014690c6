"""An agent that asks a language model, with a role and a strategy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from stigmergy.agents.base import Listener, Reply, Request
from stigmergy.agents.models.base import (
    NO_OPTIONS,
    Completion,
    FinishReason,
    LanguageModel,
    Messages,
    ToolCall,
    most_tokens,
    size_of,
)
from stigmergy.agents.strategies import Strategy, uncovered_calls
from stigmergy.domain import NO_USAGE, AgentProfile, ModelOptions, TokenCaps, Usage
from stigmergy.errors import (
    AgentError,
    AgentFailed,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InputTooLong,
    InvalidReply,
)

_NOTHING_DONE = (AgentUnavailable, AgentOverloaded, AgentRefused, InputTooLong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How an agent asks its model.

    ``bytes_per_token`` is the tokeniser's least ratio, by which ``max_input_tokens`` is enforced; 1 holds for every
    byte-level tokeniser. ``temperature`` None leaves it to the model.
    """

    role: str = ""
    temperature: float | None = 0.0
    bytes_per_token: float = 1.0


class LlmAgent:
    """Asks its model by its strategy, within its caps, and books every token at its own price.

    The model is shared with other agents and stays open when this agent is closed.
    """

    def __init__(
        self,
        profile: AgentProfile,
        model: LanguageModel,
        strategy: Strategy,
        asking: Asking = Asking(),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.profile = profile
        self._model = model
        self._strategy = strategy
        self._asking = asking
        self._clock = clock

    async def call(self, request: Request) -> Reply:
        """Ask the model; see ``Agent.call``. The tighter of the request's and the profile's caps hold.

        Raises:
            InputTooLong: a question may take more than ``max_input_tokens``; it was not sent.
            AgentRefused: the caps do not cover the strategy, or the model declined before any token was billed.
            AgentFailed: the model failed, or declined after tokens had been billed.
            AgentError: what else the model raised.
        """
        started = self._clock()
        caps = tighter(request.caps, self.profile.caps)
        if problem := uncovered_calls(type(self._strategy).__name__, self._strategy.max_calls, caps):
            raise AgentRefused(self.profile.id, problem)
        questions = _Questions(self.profile, self._model, self._asking, caps, request.timeout_s)
        if self._strategy.verbatim:
            questions.options, questions.listener = request.options, request.listener
        try:
            async with asyncio.timeout(request.timeout_s):
                draft = await self._strategy.answer(request, self._asking.role, questions.ask)
        except TimeoutError:
            raise AgentTimedOut(self.profile.id, f"no answer within {request.timeout_s:g} s") from None
        except AgentError as error:
            raise self._own(error, questions.usage) from error
        if not draft.text and not questions.tool_calls:
            raise InvalidReply(self.profile.id, f"model {self._model.name!r} stated no answer")
        return Reply(
            text=draft.text,
            confidence=draft.confidence,
            verdict=draft.verdict,
            data=questions.data(),
            usage=replace(questions.usage, latency_s=self._clock() - started),
            agent=self.profile.id,
        )

    async def aclose(self) -> None:
        """Nothing of its own to give back."""

    def _own(self, error: AgentError, billed: Usage) -> AgentError:
        """The model's error under this agent's name.

        An error that says "nothing was done" would release the whole reservation; once a call of the same step was
        billed that is no longer true, so it becomes an AgentFailed.
        """
        reason = error.reason if error.agent == self.profile.id else f"model {error.agent!r}: {error.reason}"
        if billed.model_calls and isinstance(error, _NOTHING_DONE):
            paid = f"after {billed.model_calls} billed model call(s) for {billed.usd} USD"
            return AgentFailed(self.profile.id, f"{error.code} {paid}: {reason}")
        return type(error)(self.profile.id, reason)


class _Questions:
    """The model calls of one request: asks within the caps and adds up what they used."""

    def __init__(
        self, profile: AgentProfile, model: LanguageModel, asking: Asking, caps: TokenCaps, timeout_s: float
    ) -> None:
        self.usage = NO_USAGE
        self.finish_reason: FinishReason = "stop"
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.options: ModelOptions = NO_OPTIONS
        self.listener: Listener | None = None
        self._profile, self._model, self._asking = profile, model, asking
        self._caps, self._timeout_s = caps, timeout_s

    async def ask(self, messages: Messages) -> str:
        """The text of one completion. Raises AgentError, under this agent's name where the fault is not the model's."""
        self._check(messages)
        done = await self._completion(messages)
        self.usage += done.usage.at(self._profile.price)
        self.finish_reason, self.tool_calls = done.finish_reason, done.tool_calls
        if done.finish_reason == "refused":
            raise AgentRefused(self._model.name, f"it declined: {done.text[:200]!r}")
        return done.text

    def data(self) -> dict[str, Any]:
        """What the reply says beside its text."""
        said: dict[str, Any] = {"finish_reason": self.finish_reason}
        return {**said, "tool_calls": list(self.tool_calls)} if self.tool_calls else said

    async def _completion(self, messages: Messages) -> Completion:
        """One call of the model: by its caller's options where they are for this call, told where somebody listens."""
        more = dict(self.options)
        wished = [more.pop(name, None) for name in ("max_tokens", "temperature", "seed")]
        most, temperature, seed = wished
        asked = (
            messages,
            self._caps.max_output_tokens if most is None else min(most, self._caps.max_output_tokens),
            self._asking.temperature if temperature is None else temperature,
            self._timeout_s,
            seed,
            more,
        )
        stream = getattr(self._model, "stream", None)
        if self.listener is None or stream is None:
            return await self._model.complete(*asked)
        told = _Told(self.listener)
        async with aclosing(stream(*asked)) as parts:
            async for part in parts:
                if isinstance(part, Completion):
                    return part
                told.add(part)
        raise InvalidReply(self._model.name, "its stream ended without a completion")

    def _check(self, messages: Messages) -> None:
        agent, caps = self._profile.id, self._caps
        if self.usage.model_calls >= caps.max_model_calls:
            raise AgentFailed(agent, f"its strategy asked more than max_model_calls = {caps.max_model_calls} times")
        stated = -int(-size_of(self.options) // self._asking.bytes_per_token)
        most = most_tokens(messages, self._asking.bytes_per_token) + stated
        if most > caps.max_input_tokens:
            reason = (
                f"the question may take {most} tokens, max_input_tokens is {caps.max_input_tokens}; shorten it, raise "
                "the cap, or state bytes_per_token if the tokeniser is known"
            )
            raise InputTooLong(agent, reason)


class _Told:
    """Tells a completion as it comes, without the white space round it, so that what is told is the reply's text."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._space = ""
        self._begun = False

    def add(self, piece: str) -> None:
        """Take in the next piece; white space is told as soon as text follows it."""
        said = piece if self._begun else piece.lstrip()
        text = said.rstrip()
        if text:
            self._begun = True
            self._listener.hear(self._space + text)
            self._space = ""
        self._space += said[len(text) :]


def tighter(one: TokenCaps, other: TokenCaps) -> TokenCaps:
    """The lesser of each cap."""
    return TokenCaps(
        min(one.max_input_tokens, other.max_input_tokens),
        min(one.max_output_tokens, other.max_output_tokens),
        min(one.max_model_calls, other.max_model_calls),
    )
