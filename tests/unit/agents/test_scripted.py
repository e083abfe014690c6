from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.scripted import ERRORS, ByRequest, FailingAt, InOrder, ScriptedAgent
from stigmergy.agents.silence import Silence
from stigmergy.domain import AgentProfile, FailureKind, Usage
from stigmergy.errors import AgentError, AgentRefused, AgentTimedOut

Ask = Callable[..., Request]


async def texts(agent: ScriptedAgent, *requests: Request) -> list[str]:
    return [(await agent.call(request)).text for request in requests]


async def test_lines_come_in_order_and_again_from_the_first(profile: AgentProfile, ask: Ask) -> None:
    agent = ScriptedAgent(profile, InOrder(("one", Reply(text="two"))))
    assert await texts(agent, ask(), ask(), ask()) == ["one", "two", "one"]


async def test_the_first_predicate_that_holds_chooses_the_line(profile: AgentProfile, ask: Ask) -> None:
    script = ByRequest(((lambda r: "six" in r.text, "42"), (lambda r: True, "anything")))
    assert await texts(ScriptedAgent(profile, script), ask("six by seven"), ask("?")) == ["42", "anything"]


async def test_a_request_that_no_predicate_knows_is_refused(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(AgentRefused):
        await ScriptedAgent(profile, ByRequest(())).call(ask())


@pytest.mark.parametrize("kind", list(FailureKind))
async def test_every_kind_of_failure_can_be_played(kind: FailureKind, profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(ERRORS[kind], match="worker") as caught:
        await ScriptedAgent(profile, InOrder((kind,))).call(ask())
    assert type(caught.value) is ERRORS[kind]


async def test_a_script_fails_at_the_given_calls_alone(profile: AgentProfile, ask: Ask) -> None:
    agent = ScriptedAgent(profile, FailingAt(InOrder(("fine",)), {1: AgentError("worker", "odd")}))
    assert await texts(agent, ask()) == ["fine"]
    with pytest.raises(AgentError, match="odd"):
        await agent.call(ask())
    assert await texts(agent, ask()) == ["fine"]


async def test_silence_runs_into_the_time_limit(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(AgentTimedOut):
        await ScriptedAgent(profile, InOrder((Silence(),))).call(ask(timeout_s=0.01))


async def test_a_stated_usage_is_kept_and_any_other_reply_costs_one_call(profile: AgentProfile, ask: Ask) -> None:
    overrun = Usage(10**6, 10**6, 9, Decimal(7), 1.5)
    agent = ScriptedAgent(profile, InOrder((Reply(text="a", usage=overrun), "b")))
    assert (await agent.call(ask())).usage == overrun
    assert (await agent.call(ask())).usage.usd == Decimal("0.001")


async def test_the_requests_are_kept_for_the_test_to_read(profile: AgentProfile, ask: Ask) -> None:
    agent = ScriptedAgent(profile, InOrder(("x",)))
    await texts(agent, ask("first"), ask("second"))
    assert [request.text for request in agent.requests] == ["first", "second"]


def test_a_script_without_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        InOrder(())
