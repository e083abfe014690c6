from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.evaluators import ExactEvaluator, JsonSchemaEvaluator, NumericEvaluator
from stigmergy.agents.evaluators.texts import last_number, normalised
from stigmergy.domain import Task

TaskWith = Callable[..., Task]
SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize("evaluator", [ExactEvaluator(), NumericEvaluator(), JsonSchemaEvaluator()])
async def test_without_a_reference_nothing_can_be_judged(evaluator: ExactEvaluator, task_with: TaskWith) -> None:
    assert await evaluator.evaluate(task_with(None), "42") is None


@pytest.mark.parametrize(
    ("evaluator", "reference"),
    [(ExactEvaluator(), "42"), (NumericEvaluator(), "42"), (JsonSchemaEvaluator(), json.dumps(SCHEMA))],
)
async def test_no_answer_is_worth_nothing(evaluator: ExactEvaluator, reference: str, task_with: TaskWith) -> None:
    assert await evaluator.evaluate(task_with(reference), None) == 0.0


@pytest.mark.parametrize(
    ("reference", "answer", "quality"),
    [
        ("Paris", " paris. ", 1.0),
        ("Paris", '"Paris"', 1.0),
        ("Eiffel Tower", "the  EIFFEL\ntower", 1.0),
        ("ﬁve", "five", 1.0),
        ("Paris", "Paris, France", 0.0),
        ("Paris", "", 0.0),
    ],
)
async def test_exact_compares_normalised_texts(
    reference: str, answer: str, quality: float, task_with: TaskWith
) -> None:
    assert await ExactEvaluator().evaluate(task_with(reference), answer) == quality


@settings(max_examples=50)
@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more_for_plain_words(text: str) -> None:
    words = " ".join(word for word in text.split() if word.isalnum())
    once = normalised(words)
    assert " ".join(once.split()) == once


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        ("The answer is 42.", 42),
        ("6 x 7 = 42 km", 42),
        ("-3.5", -3.5),
        ("about 1,234,567.5 people", 1234567.5),
        ("1e-3", 0.001),
        ("2.5E6", 2.5e6),
        ("3/4", 0.75),
        ("12 %", 0.12),
        (".5", 0.5),
        ("10-3", 3),
        ("1/0", None),
        ("none at all", None),
        ("", None),
    ],
)
def test_the_last_number_of_a_text_is_read(text: str, number: float | None) -> None:
    assert last_number(text) == (None if number is None else pytest.approx(number))


@settings(max_examples=50)
@given(st.floats(-1e12, 1e12))
def test_every_number_that_python_writes_is_read(value: float) -> None:
    assert last_number(f"so it is {value!r}") == pytest.approx(value)


@pytest.mark.parametrize(
    ("reference", "answer", "quality"),
    [("42", "it is 42.0", 1.0), ("42", "43", 0.0), ("42", "no idea", 0.0), ("0", "1e-12", 1.0), ("ten", "10", None)],
)
async def test_numeric_compares_last_numbers(
    reference: str, answer: str, quality: float | None, task_with: TaskWith
) -> None:
    assert await NumericEvaluator().evaluate(task_with(reference), answer) == quality


async def test_the_numeric_tolerance_is_the_greater_of_relative_and_absolute(task_with: TaskWith) -> None:
    assert await NumericEvaluator(relative=0.01).evaluate(task_with("100"), "100.9") == 1.0
    assert await NumericEvaluator(relative=0, absolute=0.5).evaluate(task_with("100"), "100.9") == 0.0


@pytest.mark.parametrize(
    ("answer", "quality"),
    [
        ('{"n": 1}', 1.0),
        ('```json\n{"n": 1}\n```', 1.0),
        ('{"n": "one"}', 0.0),
        ("{}", 0.0),
        ("{n: 1}", 0.0),
        ('Here: {"n": 1}', 0.0),
    ],
)
async def test_an_answer_is_json_that_fits_the_schema_or_worth_nothing(
    answer: str, quality: float, task_with: TaskWith
) -> None:
    assert await JsonSchemaEvaluator(SCHEMA).evaluate(task_with(None), answer) == quality
    assert await JsonSchemaEvaluator().evaluate(task_with(json.dumps(SCHEMA)), answer) == quality


@pytest.mark.parametrize("reference", ["not json", "[]", '{"type": "no such type"}'])
async def test_a_reference_that_is_no_schema_cannot_be_judged_by(reference: str, task_with: TaskWith) -> None:
    assert await JsonSchemaEvaluator().evaluate(task_with(reference), "{}") is None
