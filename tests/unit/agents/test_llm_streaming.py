from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Listener, Request
from stigmergy.agents.llm import LlmAgent
from stigmergy.agents.models.base import NO_OPTIONS, Completion, TokenCount
from stigmergy.agents.models.scripted import ScriptedModel
from stigmergy.agents.strategies import STRATEGIES, StrategyName
from stigmergy.domain import AgentProfile, Message, ModelOptions

Ask = Callable[..., Request]


class Attentive(ScriptedModel):
    """A scripted model that remembers what it was asked beside the conversation, and may call a tool."""

    def __init__(self, calls: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__("m", (), "fine")
        self.wishes: list[tuple[int, float | None, int | None, ModelOptions]] = []
        self._calls = calls

    async def complete(
        self,
        messages: tuple[Message, ...],
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        self.wishes.append((max_output_tokens, temperature, seed, options))
        if self._calls:
            return Completion("", TokenCount(3, 2), "tool_calls", self._calls)
        return await super().complete(messages, max_output_tokens, temperature, timeout_s, seed, options)


async def heard(profile: AgentProfile, request: Request, text: str, strategy: StrategyName) -> tuple[list[str], str]:
    told: list[str] = []
    agent = LlmAgent(profile, ScriptedModel("m", (), text), STRATEGIES[strategy])
    reply = await agent.call(replace(request, listener=Listener(told.append)))
    return told, reply.text


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from(" \n\tab"), min_size=1, max_size=30).filter(str.strip))
async def test_what_is_told_is_the_text_of_the_reply(profile: AgentProfile, ask: Ask, text: str) -> None:
    told, reply = await heard(profile, ask(), text, "direct")
    assert "".join(told) == reply == text.strip()


async def test_who_thinks_first_tells_nothing(profile: AgentProfile, ask: Ask) -> None:
    told, reply = await heard(profile, ask(), "thinking ...\nAnswer: 42", "chain_of_thought")
    assert (told, reply) == ([], "42")


async def test_options_are_for_the_reply_that_may_be_the_answer(profile: AgentProfile, ask: Ask) -> None:
    model = Attentive()
    options = {"max_tokens": 5, "temperature": 0.7, "seed": 3, "stop": ["END"]}
    await LlmAgent(profile, model, STRATEGIES["direct"]).call(ask(options=options))
    await LlmAgent(profile, model, STRATEGIES["direct"]).call(ask())
    assert model.wishes == [
        (5, 0.7, 3, {"stop": ["END"]}),
        (min(profile.caps.max_output_tokens, ask().caps.max_output_tokens), 0.0, None, {}),
    ]


async def test_a_reply_may_be_calls_of_tools_alone(profile: AgentProfile, ask: Ask) -> None:
    call = {"id": "c"}
    reply = await LlmAgent(profile, Attentive((call,)), STRATEGIES["direct"]).call(ask(options={"tools": [{}]}))
    assert (reply.text, reply.data) == ("", {"finish_reason": "tool_calls", "tool_calls": [call]})


def test_a_listener_stays_in_its_process(ask: Ask) -> None:
    request = ask(listener=Listener(print))
    assert pickle.loads(pickle.dumps(request)).listener is None
