from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.drill import DrillAgent, WrapperAgent
from stigmergy.agents.runners import ThreadRunner
from stigmergy.agents.scripted import InOrder, ScriptedAgent
from stigmergy.agents.tool import ToolAgent
from stigmergy.domain import AgentProfile
from stigmergy.errors import AgentFailed, AgentRefused

Ask = Callable[..., Request]


async def test_an_agent_refuses_while_the_file_exists_and_works_before_and_after(
    profile: AgentProfile, ask: Ask, tmp_path: Path
) -> None:
    siren = tmp_path / "siren"
    wrapped = ScriptedAgent(profile, InOrder(("fine",)))
    agent = DrillAgent(wrapped, siren)
    assert (await agent.call(ask())).text == "fine"
    siren.touch()
    with pytest.raises(AgentRefused, match=f"worker.*{siren} exists; remove the file"):
        await agent.call(ask())
    siren.unlink()
    assert (await agent.call(ask())).text == "fine"
    assert len(wrapped.requests) == 2


async def test_a_wrapper_shows_the_wrapped_profile_and_closes_the_wrapped_agent(
    profile: AgentProfile, ask: Ask
) -> None:
    agent = WrapperAgent(ToolAgent(profile, lambda _: "x", ThreadRunner(1)))
    assert agent.profile is profile
    await agent.aclose()
    with pytest.raises(AgentFailed, match="shutdown"):
        await agent.call(ask())
