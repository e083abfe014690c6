"""What every kind of agent keeps to, whatever does the work. Each kind is given a way to work, to hang and to fail."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stigmergy.agents.base import Agent, Listener, Reply, Request
from stigmergy.agents.drill import DrillAgent
from stigmergy.agents.llm import LlmAgent
from stigmergy.agents.models.base import Completion
from stigmergy.agents.models.scripted import ScriptedModel
from stigmergy.agents.runners import LoopRunner, ProcessRunner, ThreadRunner
from stigmergy.agents.scripted import ByRequest, ScriptedAgent
from stigmergy.agents.silence import Silence
from stigmergy.agents.strategies import STRATEGIES
from stigmergy.agents.tool import OnText, ToolAgent
from stigmergy.domain import AgentProfile, FailureKind, Price, TokenCaps
from stigmergy.errors import AgentError, AgentFailed, AgentTimedOut

PRICE = Price(Decimal("0.01"), Decimal(1), Decimal(2), Decimal("0.1"))
PROFILE = AgentProfile(id="worker", price=PRICE, caps=TokenCaps(4096, 64, 2))


@dataclass(frozen=True)
class Kind:
    """One kind of agent, and the texts that make it work, hang and fail."""

    build: Callable[[], Agent]
    works: str = "str(6 * 7)"
    hangs: str = "__import__('time').sleep(30)"
    fails: str = "1 / 0"


async def coroutine_tool(request: Request) -> str:
    if "sleep" in request.text:
        await asyncio.Event().wait()
    return str(eval(request.text))


def scripted_agent() -> Agent:
    cases = ((lambda r: r.text == "hang", Silence()), (lambda r: r.text == "fail", FailureKind.ERROR))
    return ScriptedAgent(PROFILE, ByRequest(cases, otherwise="42"))


def llm_agent(strategy: str = "direct") -> Agent:
    model = ScriptedModel("m", [("hang", Silence()), ("fail", AgentFailed("m", "broken"))], otherwise="Answer: 42")
    return LlmAgent(PROFILE, model, STRATEGIES[strategy])  # type: ignore[index]


class Remembering(ScriptedModel):
    """Has read half of every question before."""

    async def complete(self, *args: Any, **more: Any) -> Completion:
        done = await super().complete(*args, **more)
        return replace(done, usage=replace(done.usage, cached_tokens=done.usage.input_tokens // 2))


def llm_agent_of_a_cache() -> Agent:
    model = Remembering("m", [("hang", Silence()), ("fail", AgentFailed("m", "broken"))], otherwise="Answer: 42")
    return LlmAgent(PROFILE, model, STRATEGIES["direct"])


KINDS = {
    "tool, coroutine on the loop": Kind(lambda: ToolAgent(PROFILE, coroutine_tool, LoopRunner())),
    "tool on threads": Kind(
        lambda: ToolAgent(PROFILE, OnText(eval), ThreadRunner(8)), hangs="__import__('time').sleep(0.3)"
    ),
    "tool on the one thread of a replica": Kind(
        lambda: ToolAgent(PROFILE, OnText(eval), ThreadRunner(1)), hangs="__import__('time').sleep(0.3)"
    ),
    "tool in a process": Kind(lambda: ToolAgent(PROFILE, OnText(eval), ProcessRunner())),
    "llm, direct": Kind(llm_agent, "six by seven?", "hang", "fail"),
    "llm, reflect": Kind(lambda: llm_agent("reflect"), "six by seven?", "hang", "fail"),
    "llm, with a cache": Kind(llm_agent_of_a_cache, "six by seven?", "hang", "fail"),
    "scripted": Kind(scripted_agent, "six by seven?", "hang", "fail"),
    "in a drill that is off": Kind(
        lambda: DrillAgent(scripted_agent(), Path("/nonexistent/siren")), "six by seven?", "hang", "fail"
    ),
}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
async def agent(kind: Kind) -> AsyncIterator[Agent]:
    built = kind.build()
    yield built
    await built.aclose()


def asking(text: str, timeout_s: float = 20.0) -> Request:
    return Request(text=text, step_key="episode/step", timeout_s=timeout_s, caps=PROFILE.caps)


async def test_a_reply_has_text_and_the_agents_id(agent: Agent, kind: Kind) -> None:
    reply = await agent.call(asking(kind.works))
    assert "42" in reply.text
    assert reply.agent == agent.profile.id == "worker"
    assert (reply.node, reply.canonical) == ("", None)


async def test_usage_is_priced_by_the_profile_and_within_its_worst_case(agent: Agent, kind: Kind) -> None:
    usage = (await agent.call(asking(kind.works))).usage
    price = agent.profile.price
    tokens = usage.input_tokens, usage.output_tokens
    assert usage.usd == price.of(*tokens, usage.model_calls, usage.cached_tokens) > 0
    assert 0 <= usage.cached_tokens <= usage.input_tokens
    assert usage.usd <= price.of(*tokens, usage.model_calls)
    assert usage.spend().at_most(agent.profile.worst_case())
    assert usage.latency_s > 0


async def test_requests_and_replies_survive_pickling(agent: Agent, kind: Kind) -> None:
    request = asking(kind.works)
    reply = await agent.call(pickle.loads(pickle.dumps(request)))
    assert pickle.loads(pickle.dumps(reply)) == reply


async def test_earlier_replies_do_no_harm(agent: Agent, kind: Kind) -> None:
    earlier = Reply(text="41", data={"value": 41}, agent="solver", node="solver")
    request = Request(text=kind.works, step_key="s", timeout_s=20.0, caps=PROFILE.caps, replies=(earlier,))
    assert (await agent.call(request)).agent == "worker"


async def test_what_a_listener_hears_is_the_text_of_the_reply_or_nothing(agent: Agent, kind: Kind) -> None:
    heard: list[str] = []
    reply = await agent.call(replace(asking(kind.works), listener=Listener(heard.append), options={"seed": 1}))
    assert "".join(heard) in ("", reply.text)


async def test_a_failure_is_an_agent_error_under_the_agents_name(agent: Agent, kind: Kind) -> None:
    with pytest.raises(AgentError) as caught:
        await agent.call(asking(kind.fails))
    assert caught.value.agent == "worker"
    assert caught.value.reason
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


async def test_an_agent_works_again_after_a_failure(agent: Agent, kind: Kind) -> None:
    with pytest.raises(AgentError):
        await agent.call(asking(kind.fails))
    assert "42" in (await agent.call(asking(kind.works))).text


async def test_a_call_ends_at_its_time_limit_and_the_next_one_works(agent: Agent, kind: Kind) -> None:
    with pytest.raises(AgentTimedOut):
        await agent.call(asking(kind.hangs, timeout_s=0.05))
    assert "42" in (await agent.call(asking(kind.works))).text


async def test_a_cancelled_call_is_cancelled_and_the_next_one_works(agent: Agent, kind: Kind) -> None:
    call = asyncio.create_task(agent.call(asking(kind.hangs)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert "42" in (await agent.call(asking(kind.works))).text


async def test_calls_that_overlap_all_come_back(agent: Agent, kind: Kind) -> None:
    replies = await asyncio.gather(*(agent.call(asking(kind.works)) for _ in range(8)))
    assert len(replies) == 8
    assert all("42" in reply.text for reply in replies)


async def test_the_profile_never_changes(agent: Agent, kind: Kind) -> None:
    before = agent.profile
    await agent.call(asking(kind.works))
    assert agent.profile == before == PROFILE


async def test_an_agent_may_be_closed_unused_and_closed_twice(kind: Kind) -> None:
    built = kind.build()
    await built.aclose()
    await built.aclose()
