from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.models.base import Messages
from stigmergy.agents.strategies import STRATEGIES, Draft, StrategyName, uncovered_calls
from stigmergy.domain import TokenCaps

Ask = Callable[..., Request]
EARLIER = Reply(text="41", agent="solver", confidence=0.3)


class Oracle:
    """Answers each question with the next text, and keeps the questions."""

    def __init__(self, *texts: str) -> None:
        self.asked: list[Messages] = []
        self._texts = iter(texts)

    async def __call__(self, messages: Messages) -> str:
        self.asked.append(messages)
        return next(self._texts)


async def draft(name: StrategyName, request: Request, oracle: Oracle) -> Draft:
    return await STRATEGIES[name].answer(request, "You are a mathematician.", oracle)


async def test_direct_takes_the_completion_as_the_answer(ask: Ask) -> None:
    assert await draft("direct", ask(), Oracle(" 42 ")) == Draft("42")


async def test_chain_of_thought_states_answer_and_confidence(ask: Ask) -> None:
    oracle = Oracle("6 x 7 = 42\nAnswer: 42\nConfidence: 0.9")
    assert await draft("chain_of_thought", ask(), oracle) == Draft("42", confidence=0.9)


async def test_reflect_criticises_its_own_draft(ask: Ask) -> None:
    oracle = Oracle("Answer: 41", "One too few.\nAnswer: 42\nConfidence: 80%")
    assert await draft("reflect", ask(), oracle) == Draft("42", confidence=0.8)
    assert "Draft:\nAnswer: 41" in oracle.asked[1][-1].content


async def test_verify_judges_the_newest_earlier_reply_and_hands_it_on(ask: Ask) -> None:
    oracle = Oracle("It is 42.\nCorrect: 0.1")
    found = await draft("verify", ask(replies=(EARLIER,)), oracle)
    assert found == Draft("41", confidence=0.3, verdict=0.1)
    assert len(oracle.asked) == 1


async def test_verify_without_an_earlier_reply_judges_its_own_answer(ask: Ask) -> None:
    oracle = Oracle("42", "Correct: 1")
    assert await draft("verify", ask(), oracle) == Draft("42", confidence=1.0)


async def test_a_verifier_that_states_no_probability_gives_no_verdict(ask: Ask) -> None:
    assert (await draft("verify", ask(replies=(EARLIER,)), Oracle("looks fine"))).verdict is None


async def test_refine_improves_the_newest_earlier_reply(ask: Ask) -> None:
    oracle = Oracle("Answer: 42\nConfidence: 0.7")
    assert await draft("refine", ask(replies=(EARLIER,)), oracle) == Draft("42", confidence=0.7)
    assert "Candidate answer:\n41" in oracle.asked[0][-1].content


async def test_refine_without_an_earlier_reply_improves_an_answer_of_its_own(ask: Ask) -> None:
    oracle = Oracle("41", "Answer: 42")
    assert (await draft("refine", ask(), oracle)).text == "42"
    assert "Candidate answer:\n41" in oracle.asked[1][-1].content


@pytest.mark.parametrize("name", STRATEGIES)
async def test_every_strategy_opens_with_the_role_and_keeps_to_its_number_of_calls(
    name: StrategyName, ask: Ask
) -> None:
    oracle = Oracle(*["Answer: 42\nConfidence: 1\nCorrect: 1"] * 5)
    await draft(name, ask(), oracle)
    assert len(oracle.asked) == STRATEGIES[name].max_calls
    for messages in oracle.asked:
        assert messages[0].role == "system"
        assert messages[0].content.startswith("You are a mathematician.")


def test_caps_that_do_not_cover_a_strategy_are_named() -> None:
    assert uncovered_calls("reflect", 2, TokenCaps(max_model_calls=2)) is None
    problem = uncovered_calls("reflect", 2, TokenCaps(max_model_calls=1))
    assert problem is not None
    assert "max_model_calls = 1, but strategy 'reflect' makes up to 2" in problem
