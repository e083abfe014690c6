"""Who listens to a run hears its answer, once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmergy.agents.base import Listener, Reply, Request
from stigmergy.agents.scripted import ScriptedAgent
from stigmergy.domain import FailureKind, Status
from stigmergy.errors import AgentFailed
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode

Build = Callable[..., Any]


class Talker(ScriptedAgent):
    """Tells what it says in two halves; with ``falters`` it fails after the first."""

    falters = False

    async def call(self, request: Request) -> Reply:
        reply = await super().call(request)
        if request.listener is not None:
            half = len(reply.text) // 2
            request.listener.hear(reply.text[:half])
            if self.falters:
                raise AgentFailed(self.profile.id, "it lost the thread")
            request.listener.hear(reply.text[half:])
        return reply


@pytest.fixture
def talking(house: Build, staged: Build, profile: Build) -> Build:
    """``talking([["a"], ["b", "c"]], scripts)``: agents that tell what they say, each dearer than the one before."""

    def build(stages: list[list[str]], scripts: Any = None, **spec: Any) -> Any:
        names = [name for stage in stages for name in stage]
        made = house(staged([[profile(n, names.index(n) + 1) for n in stage] for stage in stages], **spec), scripts)
        for agent in made.agents.values():
            agent.__class__ = Talker
        return made

    return build


async def listened(made: Any, **facts: Any) -> tuple[list[str], Any]:
    heard: list[str] = []
    ran = await made.engine.run(made.task(**facts), "ep", listener=Listener(heard.append))
    return heard, ran


async def test_only_the_reply_that_will_be_the_answer_is_heard(talking: Build) -> None:
    heard, ran = await listened(talking([["plan"], ["last"]]))
    assert heard == ["la", "st"]
    assert ran.episode.answer == "last"


async def test_a_reply_that_another_may_follow_is_not_heard(talking: Build) -> None:
    made = talking([["may"], ["last"]], nodes={"last": AgentNode(agent="last", optional=True, loss=0.1)})
    heard, ran = await listened(made)
    assert (heard == ["la", "st"]) == (ran.episode.route == ("may", "last"))


async def test_nobody_is_asked_again_once_part_of_an_answer_was_heard(talking: Build) -> None:
    made = talking([["first", "second"]])
    made.agents["first"].falters = True
    heard, ran = await listened(made)
    assert (heard, ran.episode.status) == (["fi"], Status.ESCALATED)
    assert "the answer broke off" in ran.episode.reason
    assert (made.calls("first"), made.calls("second"), len(ran.episode.failures)) == (1, 0, 1)


async def test_a_failure_that_nobody_heard_of_is_healed(talking: Build) -> None:
    heard, ran = await listened(talking([["first", "second"]], {"first": [FailureKind.REFUSED]}))
    assert ("".join(heard), ran.episode.status) == ("second", Status.COMPLETED)


async def test_without_a_listener_a_failure_in_mid_sentence_is_healed_too(talking: Build) -> None:
    made = talking([["first", "second"]])
    made.agents["first"].falters = True
    assert (await made.run()).episode.status is Status.COMPLETED


async def test_the_callers_options_reach_only_who_may_answer(talking: Build) -> None:
    made = talking([["plan"], ["last"]])
    await listened(made, options={"seed": 1})
    assert [made.agents[name].requests[0].options for name in ("plan", "last")] == [{}, {"seed": 1}]


@given(data=st.data())
async def test_in_any_graph_what_is_heard_is_the_answer_or_the_beginning_of_one_that_broke_off(
    house: Build, graphs: st.SearchStrategy[AgentGraph], data: st.DataObject
) -> None:
    made = house(data.draw(graphs))
    for agent in made.agents.values():
        agent.__class__ = Talker
        agent.falters = data.draw(st.booleans())
    heard, ran = await listened(made)
    told = "".join(heard)
    if ran.episode.status in (Status.COMPLETED, Status.DEMOTED):
        assert told in ("", ran.episode.answer)
    elif told:
        assert "the answer broke off" in ran.episode.reason
