from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from stigmergy.agents.evaluators import LlmJudge
from stigmergy.agents.evaluators.judge import stated_score
from stigmergy.agents.models.scripted import BilledRefusal, ScriptedModel
from stigmergy.domain import Price, Task, Usage
from stigmergy.errors import AgentUnavailable

TaskWith = Callable[..., Task]
PRICE = Price(per_call=Decimal("0.5"))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("0.7", 0.7),
        (" 1 ", 1.0),
        ("0", 0.0),
        ("Score: .25", 0.25),
        ("1.0", 1.0),
        ("1.5", None),
        ("-0.5", None),
        ("7/10", None),
        ("0.7 because it is right", None),
        ("good", None),
        ("", None),
    ],
)
def test_a_score_is_a_bare_number_in_the_unit_interval(text: str, score: float | None) -> None:
    assert stated_score(text) == score


async def test_the_judge_sees_question_reference_answer_and_criteria(task_with: TaskWith) -> None:
    model = ScriptedModel("judge", [], otherwise="0.8")
    assert await LlmJudge(model, PRICE, criteria="be strict").evaluate(task_with("42", "6 x 7?"), "41") == 0.8
    system, material = model.asked[0]
    assert "Criteria: be strict" in system.content
    for part in ("<question>\n6 x 7?\n</question>", "<reference>\n42\n</reference>", "<answer>\n41\n</answer>"):
        assert part in material.content


async def test_a_judge_needs_no_reference(task_with: TaskWith) -> None:
    model = ScriptedModel("judge", [("<reference>", "0")], otherwise="1")
    assert await LlmJudge(model, PRICE).evaluate(task_with(None), "41") == 1.0


async def test_every_answered_call_is_booked_even_a_refusal(task_with: TaskWith) -> None:
    booked: list[Usage] = []
    refusing = ScriptedModel("judge", [], otherwise=BilledRefusal("no"))
    assert await LlmJudge(refusing, PRICE, book=booked.append).evaluate(task_with("42"), "41") is None
    assert [(usage.model_calls, usage.usd) for usage in booked] == [(1, Decimal("0.5"))]


async def test_a_call_is_booked_with_the_tokens_that_it_used(task_with: TaskWith) -> None:
    booked: list[Usage] = []
    model, price = ScriptedModel("judge", [], otherwise="0.8"), Price(per_million_input=Decimal(1))
    await LlmJudge(model, price, book=booked.append).evaluate(task_with("42"), "41")
    (usage,) = booked
    assert usage.usd == price.of(usage.input_tokens, usage.output_tokens) > 0
    assert (usage.output_tokens, usage.model_calls, usage.cached_tokens) == (1, 1, 0)


async def test_no_answer_is_worth_nothing_and_asks_nobody(task_with: TaskWith) -> None:
    model = ScriptedModel("judge", [])
    assert await LlmJudge(model, PRICE).evaluate(task_with("42"), None) == 0.0
    assert model.asked == []


async def test_a_judge_that_fails_is_no_judgement_but_an_error(task_with: TaskWith) -> None:
    model = ScriptedModel("judge", [], otherwise=AgentUnavailable("judge", "down"))
    with pytest.raises(AgentUnavailable, match="down"):
        await LlmJudge(model, PRICE).evaluate(task_with("42"), "41")
