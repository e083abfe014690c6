from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.scripted import InOrder, ScriptedAgent
from stigmergy.errors import AgentError, AgentFailed, AgentRefused, AgentTimedOut, AgentUnavailable, InvalidReply
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.testing import agent_profile

REQUEST = Request(text="2+2?", step_key="s", timeout_s=0.02)


class Works:
    """An agent that does what its function does."""

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        self.profile = agent_profile("a")
        self.closed = False
        self._work = work

    async def call(self, request: Request) -> Any:
        return await self._work()

    async def aclose(self) -> None:
        self.closed = True


async def raises(error: BaseException) -> Any:
    raise error


async def returns(value: object) -> object:
    return value


async def waits() -> Any:
    await asyncio.get_running_loop().create_future()


async def test_a_reply_comes_back_as_it_is() -> None:
    agent = ScriptedAgent(agent_profile("a"), InOrder(["four"]))
    assert (await InProcessGateway({"a": agent}).call("a", REQUEST)).text == "four"


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: raises(ZeroDivisionError("why")), AgentFailed),
        (lambda: raises(TimeoutError("its own")), AgentFailed),
        (lambda: raises(asyncio.CancelledError()), AgentFailed),
        (lambda: raises(AgentRefused("a", "no")), AgentRefused),
        (lambda: returns("text"), InvalidReply),
        (lambda: returns(None), InvalidReply),
        (waits, AgentTimedOut),
    ],
    ids=["raises", "own timeout", "own cancellation", "refuses", "text", "nothing", "silence"],
)
async def test_every_way_to_fail_is_an_agent_error(
    work: Callable[[], Awaitable[Any]], expected: type[AgentError]
) -> None:
    with pytest.raises(AgentError) as failure:
        await InProcessGateway({"a": Works(work)}).call("a", REQUEST)
    assert type(failure.value) is expected
    assert failure.value.agent == "a"


async def test_an_unknown_agent_is_unavailable() -> None:
    with pytest.raises(AgentUnavailable, match="no agent of this name"):
        await InProcessGateway({}).call("a", REQUEST)


async def test_a_caller_that_is_cancelled_is_cancelled() -> None:
    gateway = InProcessGateway({"a": Works(waits)})
    job = asyncio.create_task(gateway.call("a", Request(text="", step_key="s", timeout_s=60)))
    await asyncio.sleep(0)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job


async def test_closing_closes_every_agent() -> None:
    agents = {name: Works(lambda: returns(Reply(text=""))) for name in "ab"}
    await InProcessGateway(agents).aclose()
    assert all(agent.closed for agent in agents.values())
