from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.runners import LoopRunner, ProcessRunner, ThreadRunner
from stigmergy.agents.tool import OnText, ToolAgent
from stigmergy.domain import AgentProfile, Price, Usage
from stigmergy.errors import AgentFailed, AgentLost, AgentOverloaded, AgentTimedOut, InvalidReply

Ask = Callable[..., Request]


def ticking(*readings: float) -> Callable[[], float]:
    following = iter(readings)
    return lambda: next(following)


def on_loop(profile: AgentProfile, program: Callable[[Request], Any]) -> ToolAgent:
    return ToolAgent(profile, program, LoopRunner())


async def test_a_reply_gets_the_agents_id_its_price_and_the_measured_latency(profile: AgentProfile, ask: Ask) -> None:
    agent = ToolAgent(profile, lambda _: Reply(text="42"), LoopRunner(), ticking(10.0, 10.5))
    reply = await agent.call(ask())
    assert reply == Reply(text="42", agent="worker", usage=Usage(model_calls=1, usd=Decimal("0.001"), latency_s=0.5))


async def test_a_str_becomes_the_text_of_a_reply(profile: AgentProfile, ask: Ask) -> None:
    assert (await on_loop(profile, lambda request: request.text.upper()).call(ask("hi"))).text == "HI"


async def test_a_function_on_text_sees_the_text_alone(profile: AgentProfile, ask: Ask) -> None:
    assert (await on_loop(profile, OnText(str.upper)).call(ask("hi"))).text == "HI"


async def test_a_coroutine_function_is_a_program_on_the_loop(profile: AgentProfile, ask: Ask) -> None:
    async def program(request: Request) -> Reply:
        return Reply(text=request.text[::-1])

    assert (await on_loop(profile, program).call(ask("abc"))).text == "cba"


async def test_tokens_that_a_tool_states_are_priced_and_kept(profile: AgentProfile, ask: Ask) -> None:
    agent = on_loop(profile, lambda _: Reply(text="x", usage=Usage(1_000_000, 1_000_000, model_calls=2)))
    usage = (await agent.call(ask())).usage
    assert (usage.input_tokens, usage.model_calls, usage.usd) == (1_000_000, 2, Decimal("3.002"))


async def test_cached_tokens_that_a_tool_states_are_priced_and_kept(
    profile_with: Callable[..., AgentProfile], ask: Ask
) -> None:
    price = Price(per_million_input=Decimal(2), per_million_cached_input=Decimal("0.5"))
    stated = Reply(text="x", usage=Usage(1_000_000, cached_tokens=400_000))
    usage = (await on_loop(profile_with(price=price), lambda _: stated).call(ask())).usage
    assert (usage.cached_tokens, usage.usd) == (400_000, Decimal("1.4"))


async def test_a_refused_connection_is_a_hard_signal_whatever_it_is_wrapped_in(profile: AgentProfile, ask: Ask) -> None:
    def unreachable(_: Request) -> Reply:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            raise RuntimeError("payments cannot be reached") from error

    with pytest.raises(AgentLost, match="RuntimeError: payments cannot be reached"):
        await on_loop(profile, unreachable).call(ask())


async def test_an_exception_is_a_failure_that_names_its_type_and_text(profile: AgentProfile, ask: Ask) -> None:
    with pytest.raises(AgentFailed, match="agent 'worker': ZeroDivisionError: division by zero"):
        await on_loop(profile, OnText(eval)).call(ask("1/0"))


async def test_an_agent_error_passes_through(profile: AgentProfile, ask: Ask) -> None:
    raised = AgentOverloaded("worker", "the queue is full")

    def program(request: Request) -> Reply:
        raise raised

    with pytest.raises(AgentOverloaded) as caught:
        await on_loop(profile, program).call(ask())
    assert caught.value is raised


async def test_an_agent_error_passes_through_from_a_worker_process(profile: AgentProfile, ask: Ask) -> None:
    agent = ToolAgent(profile, OnText(exec), ProcessRunner())
    with pytest.raises(AgentOverloaded, match="full"):
        await agent.call(ask("from stigmergy.errors import *\nraise AgentOverloaded('worker', 'full')"))
    await agent.aclose()


@pytest.mark.parametrize("outcome", [None, 42, b"bytes", {"text": "no"}])
async def test_anything_but_a_reply_or_a_str_is_an_invalid_reply(
    outcome: object, profile: AgentProfile, ask: Ask
) -> None:
    with pytest.raises(InvalidReply, match=f"returned {type(outcome).__name__}; a Reply or a str is expected"):
        await on_loop(profile, lambda _: outcome).call(ask())


async def test_a_program_that_outlives_its_time_limit_times_out(profile: AgentProfile, ask: Ask) -> None:
    async def program(request: Request) -> str:
        await asyncio.Event().wait()
        return "never"

    with pytest.raises(AgentTimedOut, match=r"longer than 0\.01 s"):
        await on_loop(profile, program).call(ask(timeout_s=0.01))


async def test_a_time_limit_stops_the_waiting_for_a_thread(profile: AgentProfile, ask: Ask) -> None:
    from threading import Event

    release = Event()
    agent = ToolAgent(profile, lambda _: str(release.wait()), ThreadRunner(1))
    with pytest.raises(AgentTimedOut):
        await agent.call(ask(timeout_s=0.01))
    release.set()
    assert (await agent.call(ask())).text == "True"
    await agent.aclose()


async def test_the_programs_own_timeout_error_is_a_failure_of_the_program(profile: AgentProfile, ask: Ask) -> None:
    def program(request: Request) -> str:
        raise TimeoutError("the database did not answer")

    with pytest.raises(AgentFailed, match="TimeoutError: the database did not answer"):
        await on_loop(profile, program).call(ask())


async def test_a_worker_process_that_dies_is_a_failure(profile: AgentProfile, ask: Ask) -> None:
    agent = ToolAgent(profile, OnText(eval), ProcessRunner())
    with pytest.raises(AgentFailed, match="the worker process died"):
        await agent.call(ask("__import__('os')._exit(9)"))
    await agent.aclose()


async def test_a_cancelled_call_is_cancelled_and_no_failure(profile: AgentProfile, ask: Ask) -> None:
    async def program(request: Request) -> str:
        await asyncio.Event().wait()
        return "never"

    call = asyncio.create_task(on_loop(profile, program).call(ask()))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def test_a_program_on_text_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(OnText(str.upper))) == OnText(str.upper)
