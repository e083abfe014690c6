from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.models.base import Completion, TokenCount, most_tokens
from stigmergy.agents.models.scripted import Answer, BilledRefusal, ScriptedModel
from stigmergy.agents.silence import Silence
from stigmergy.domain import Message
from stigmergy.errors import AgentOverloaded, AgentTimedOut


async def said(model: ScriptedModel, text: str, most: int = 100) -> Completion:
    return await model.complete((Message("user", text),), most, 0.0, 0.01)


async def test_the_first_pattern_that_is_found_answers() -> None:
    model = ScriptedModel("m", [("six", "42"), ("s", "other")], otherwise="no idea")
    texts = [(await said(model, question)).text for question in ("six by seven", "seven", "?")]
    assert texts == ["42", "other", "no idea"]


async def test_an_answer_may_use_the_patterns_groups() -> None:
    model = ScriptedModel("m", [(r"say (\w+)", r"\1!")])
    assert (await said(model, "please say hello")).text == "hello!"


async def test_tokens_are_a_quarter_of_the_bytes_rounded_up() -> None:
    done = await said(ScriptedModel("m", [], otherwise="12345"), "12345678")
    assert done.usage == TokenCount(2, 2)


async def test_a_long_answer_is_cut_at_the_limit() -> None:
    done = await said(ScriptedModel("m", [], otherwise="0123456789"), "?", most=1)
    assert done == Completion("0123", TokenCount(1, 1), "length")


async def test_errors_refusals_and_silence_can_be_scripted() -> None:
    script: list[tuple[str, Answer]] = [
        ("busy", AgentOverloaded("m", "full")),
        ("bad", BilledRefusal("no")),
        ("wait", Silence()),
    ]
    model = ScriptedModel("m", script)
    with pytest.raises(AgentOverloaded, match="full"):
        await said(model, "busy")
    assert (await said(model, "bad")).finish_reason == "refused"
    with pytest.raises(AgentTimedOut):
        await said(model, "wait")


@settings(max_examples=50)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_the_upper_bound_of_tokens_is_never_below_the_bytes_of_the_conversation(texts: list[str]) -> None:
    messages = [Message("user", text) for text in texts]
    assert most_tokens(messages) >= sum(len(text.encode()) for text in texts)
    assert most_tokens(messages, bytes_per_token=4) >= sum(len(text.encode()) for text in texts) / 4
