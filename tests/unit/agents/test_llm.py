from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.llm import Asking, LlmAgent, tighter
from stigmergy.agents.models.base import Completion, TokenCount
from stigmergy.agents.models.scripted import Answer, BilledRefusal, ScriptedModel
from stigmergy.agents.silence import Silence
from stigmergy.agents.strategies import STRATEGIES, StrategyName
from stigmergy.domain import AgentProfile, Price, TokenCaps
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

Ask = Callable[..., Request]


class Counted(ScriptedModel):
    """Says of every completion that it used these tokens."""

    def __init__(self, used: TokenCount) -> None:
        super().__init__("gpt", (), "Answer: 42")
        self._used = used

    async def complete(self, *args: Any, **more: Any) -> Completion:
        return replace(await super().complete(*args, **more), usage=self._used)


def scripted(*script: tuple[str, Answer], otherwise: Answer = "Answer: 42\nConfidence: 0.9") -> ScriptedModel:
    return ScriptedModel("gpt", script, otherwise)


def agent(
    profile: AgentProfile, model: ScriptedModel, strategy: StrategyName = "direct", asking: Asking | None = None
) -> LlmAgent:
    return LlmAgent(profile, model, STRATEGIES[strategy], asking or Asking(role="Be brief."))


async def test_every_token_of_every_call_is_booked_at_the_agents_price(profile: AgentProfile, ask: Ask) -> None:
    model = scripted()
    reply = await agent(profile, model, "reflect").call(ask())
    read = sum(-(-len(m.content.encode()) // 4) for messages in model.asked for m in messages)
    written = 2 * -(-len(b"Answer: 42\nConfidence: 0.9") // 4)
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.model_calls) == (read, written, 2)
    assert reply.usage.usd == 2 * Decimal("0.001") + (read + 2 * written) * Decimal("0.000001")
    assert (reply.text, reply.confidence, reply.agent) == ("42", 0.9, "worker")
    assert reply.usage.latency_s > 0


async def test_tokens_that_the_model_had_cached_are_counted_and_cost_their_own_price(
    profile_with: Callable[..., AgentProfile], ask: Ask
) -> None:
    used = TokenCount(100, 20, 60)
    price = Price(Decimal("0.001"), Decimal(10), Decimal(20), Decimal(1))
    asked = LlmAgent(profile_with(price=price), Counted(used), STRATEGIES["reflect"])
    usage = (await asked.call(ask())).usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (200, 120, 40)
    assert usage.usd == 2 * (Decimal("0.001") + (40 * 10 + 60 * 1 + 20 * 20) * Decimal("0.000001"))


async def test_a_question_that_may_be_too_long_is_not_sent(profile: AgentProfile, ask: Ask) -> None:
    model = scripted()
    with pytest.raises(InputTooLong, match="max_input_tokens is 4096; shorten it"):
        await agent(profile, model).call(ask("x" * 4096))
    assert model.asked == []


async def test_a_known_tokeniser_lets_longer_questions_through(profile: AgentProfile, ask: Ask) -> None:
    asking = Asking(bytes_per_token=3)
    assert (await agent(profile, scripted(), asking=asking).call(ask("x" * 4096))).text


async def test_the_tighter_caps_hold(profile: AgentProfile, ask: Ask) -> None:
    assert tighter(TokenCaps(1, 20, 3), TokenCaps(10, 2, 3)) == TokenCaps(1, 2, 3)
    with pytest.raises(InputTooLong, match="max_input_tokens is 10"):
        await agent(profile, scripted()).call(ask(caps=TokenCaps(10, 256, 2)))


async def test_the_output_cap_reaches_the_model(profile_with: Callable[..., AgentProfile], ask: Ask) -> None:
    capped = profile_with(caps=TokenCaps(4096, 1, 2))
    reply = await agent(capped, scripted(otherwise="0123456789")).call(ask())
    assert (reply.text, reply.usage.output_tokens, reply.data) == ("0123", 1, {"finish_reason": "length"})


async def test_caps_that_do_not_cover_the_strategy_are_refused_before_anything_is_sent(
    profile: AgentProfile, ask: Ask
) -> None:
    model = scripted()
    with pytest.raises(AgentRefused, match="makes up to 2 model calls"):
        await agent(profile, model, "reflect").call(ask(caps=TokenCaps(4096, 256, 1)))
    assert model.asked == []


@pytest.mark.parametrize("error", [AgentUnavailable, AgentOverloaded, AgentRefused, AgentFailed, InvalidReply])
async def test_a_models_error_at_the_first_call_keeps_its_class_under_the_agents_name(
    error: type[AgentError], profile: AgentProfile, ask: Ask
) -> None:
    with pytest.raises(error, match="agent 'worker': model 'gpt': said the server") as caught:
        await agent(profile, scripted(otherwise=error("gpt", "said the server")), "reflect").call(ask())
    assert type(caught.value) is error


@pytest.mark.parametrize("error", [AgentUnavailable, AgentOverloaded, AgentRefused])
async def test_an_error_after_a_billed_call_no_longer_says_that_nothing_was_done(
    error: type[AgentError], profile: AgentProfile, ask: Ask
) -> None:
    model = scripted(("Draft:", error("gpt", "said the server")))
    with pytest.raises(AgentFailed, match=rf"{error.code} after 1 billed model call\(s\) for .*: said the server"):
        await agent(profile, model, "reflect").call(ask())


async def test_a_question_that_grows_too_long_after_a_billed_call_is_a_failure(
    profile_with: Callable[..., AgentProfile], ask: Ask
) -> None:
    tight = profile_with(caps=TokenCaps(460, 256, 2))
    with pytest.raises(AgentFailed, match="input_too_long after 1 billed"):
        await agent(tight, scripted(otherwise="x" * 400), "reflect").call(ask())


async def test_a_billed_refusal_is_a_failure_that_names_the_refusal(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(AgentFailed, match=r"agent_refused after 1 billed.*it declined: 'not that'"):
        await agent(profile, scripted(otherwise=BilledRefusal("not that"))).call(ask())


async def test_a_model_that_keeps_silent_times_out(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(AgentTimedOut, match="worker"):
        await agent(profile, scripted(otherwise=Silence())).call(ask(timeout_s=0.01))


async def test_a_completion_without_text_is_an_invalid_reply(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(InvalidReply, match="stated no answer"):
        await agent(profile, scripted(otherwise="  ")).call(ask())


async def test_a_verifier_gives_a_verdict_on_the_reply_before_it(profile: AgentProfile, ask: Ask) -> None:
    request = ask(replies=(Reply(text="41", agent="solver"),))
    reply = await agent(profile, scripted(otherwise="Correct: 0.2"), "verify").call(request)
    assert (reply.text, reply.verdict, reply.usage.model_calls) == ("41", 0.2, 1)


async def test_closing_the_agent_leaves_the_shared_model_open(profile: AgentProfile, ask: Ask) -> None:
    model = scripted()
    first, second = agent(profile, model), agent(profile, model)
    await first.aclose()
    assert (await second.call(ask())).text
