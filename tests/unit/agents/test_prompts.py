from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.prompts import conversation, stated_answer, stated_figure
from stigmergy.domain import Message

Ask = Callable[..., Request]


def test_the_system_prompt_comes_first_and_the_question_last(ask: Ask) -> None:
    assert conversation(ask("why?"), "be brief") == (Message("system", "be brief"), Message("user", "why?"))


def test_without_a_system_prompt_there_is_no_system_message(ask: Ask) -> None:
    assert conversation(ask("why?"), "") == (Message("user", "why?"),)


def test_a_conversation_is_kept_and_earlier_replies_join_its_last_user_message(ask: Ask) -> None:
    said = (Message("user", "hello"), Message("assistant", "hi"), Message("user", "why?"))
    earlier = (Reply(text="because", agent="solver"), Reply(text="indeed", agent="checker"))
    messages = conversation(ask("why?", messages=said, replies=earlier), "", "Draft:\nx")
    assert messages[:2] == said[:2]
    context = "why?\n\nWork done so far, oldest first:\n[1] solver: because\n[2] checker: indeed\n\nDraft:\nx"
    assert messages[2:] == (Message("user", context),)


def test_a_conversation_that_ends_with_the_assistant_is_continued_with_the_text(ask: Ask) -> None:
    said = (Message("user", "hello"), Message("assistant", "hi"))
    assert conversation(ask("why?", messages=said), "")[-1] == Message("user", "why?")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("6 x 7 = 42.\nAnswer: 42\nConfidence: 0.9", "42"),
        ("Answer: 41\nNo, wait.\n**Answer:** 42", "42"),
        ("Final answer: 42", "42"),
        ("just 42", "just 42"),
        ("Answer:\nline one\nline two", "line one\nline two"),
        ("Confidence: 0.9", "Confidence: 0.9"),
        ("", ""),
    ],
)
def test_the_answer_is_what_follows_the_last_answer_line(text: str, answer: str) -> None:
    assert stated_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("Confidence: 0.9", 0.9),
        ("confidence: 85%", 0.85),
        ("**Confidence:** 1", 1.0),
        ("Confidence: .5\nConfidence: .25", 0.25),
        ("Confidence: 120%", None),
        ("Confidence: 7", None),
        ("Confidence: high", None),
        ("I say with confidence: 0.9 it is", None),
        ("", None),
    ],
)
def test_a_figure_is_read_from_a_line_of_its_own_or_not_at_all(text: str, figure: float | None) -> None:
    assert stated_figure(text, "confidence") == figure


@given(st.floats(0, 1).map(lambda value: round(value, 4)), st.text("abc \n", max_size=20))
def test_every_figure_in_the_unit_interval_that_is_stated_is_read(value: float, before: str) -> None:
    assert stated_figure(f"{before}\nCorrect: {value:.4f}", "correct") == pytest.approx(value)


def test_what_a_tool_said_stands_last_and_the_question_is_not_put_again(ask: Ask) -> None:
    called = Message("assistant", "", {"tool_calls": [{"id": "c"}]})
    told = Message("tool", "rain", {"tool_call_id": "c"})
    said = (Message("user", "weather?"), called, told)
    assert conversation(ask(messages=said), "Be brief.") == (Message("system", "Be brief."), *said)


def test_earlier_work_follows_what_a_tool_said(ask: Ask) -> None:
    said = (Message("user", "weather?"), Message("tool", "rain"))
    told = conversation(ask(messages=said, replies=(Reply(text="noted", agent="clerk"),)), "")
    assert told[:-1] == said
    assert told[-1].role == "user"
    assert "[1] clerk: noted" in told[-1].content
