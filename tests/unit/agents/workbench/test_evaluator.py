"""Checkers take equivalent forms and reject wrong answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.tasks import generate_tasks


def _reference(family: str, **facts: Any) -> str:
    return json.dumps({"family": family, **facts})


EIGHTH = _reference("arithmetic", value="1/8", form={})
ROUNDED = _reference("arithmetic", value="25/8", form={"places": 2})
FRACTION = _reference("arithmetic", value="3/4", form={"fraction": True})
THOUSANDS = _reference("arithmetic", value="12345", form={"thousands": True})
MILES = _reference("arithmetic", value="25/2", form={}, unit="mi")
ROOTS = _reference("algebra", roots=["-2", "1/2"])
SURD = _reference("algebra", roots=["2.414213562373095", "-0.41421356237309515"])
SYSTEM = _reference("algebra", assignment={"x": "3", "y": "-1/2"})
DAY = _reference("dates", date="2024-03-05")
LONG_DAY = _reference("dates", date="2024-03-05", form="long")
WORDS = _reference("text", value="Net Tap", count=False)
TIE = _reference("tables", label="Oslo", labels=["Lima", "Oslo"])
PRINTED = _reference("python", output="3 4\n5")


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (EIGHTH, "0.125"), (EIGHTH, "2/16"), (EIGHTH, "The answer is 0.125."), (ROUNDED, "3.13"), (ROUNDED, "3.12"),
        (FRACTION, "6/8"), (THOUSANDS, "12,345"), (MILES, "12.5"), (MILES, "12.5 miles"), (ROOTS, "x = 0.5, x = -2"),
        (ROOTS, "1/2 or -2"), (SURD, "x = 1 - sqrt(2), x = 1 + sqrt(2)"), (SURD, "-0.414213562, 2.414213562"),
        (SYSTEM, "x = 3, y = -1/2"), (SYSTEM, "y = -0.5 and x = 3"), (DAY, "5 March 2024"), (DAY, "March 5, 2024"),
        (DAY, "2024-03-05"), (LONG_DAY, "05 March 2024"), (LONG_DAY, "5 March 2024"), (WORDS, ' "Net Tap" '),
        (TIE, "lima"), (PRINTED, "3 4\n5\n"),
    ],
)  # fmt: skip
def test_an_equivalent_answer_is_worth_one(reference: str, answer: str) -> None:
    assert check_answer(reference, answer) == 1.0


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (EIGHTH, "0.126"), (EIGHTH, "1 or 8"), (EIGHTH, "none"), (ROUNDED, "3.2"), (THOUSANDS, "12,346"),
        (MILES, "12.5 km"),
        (ROOTS, "x = -2"), (ROOTS, "x = -2, x = 1/2, x = 3"), (ROOTS, "-2 or 1/3"), (SYSTEM, "x = -1/2, y = 3"),
        (DAY, "2024-03-06"), (DAY, "today"), (WORDS, "net tap"), (TIE, "Cairo"), (PRINTED, "3 4 6"), (EIGHTH, "1/0"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_worth_nothing(reference: str, answer: str) -> None:
    assert check_answer(reference, answer) == 0.0


@pytest.mark.parametrize(
    ("reference", "answer"),
    [(ROUNDED, "3.125"), (FRACTION, "0.75"), (THOUSANDS, "12345"), (LONG_DAY, "2024-03-05")],
)
def test_the_right_value_in_another_form_is_worth_half(reference: str, answer: str) -> None:
    assert check_answer(reference, answer) == 0.5


@pytest.mark.parametrize("answer", [None, "", "  \n", "x" * 50_000])
def test_no_answer_is_worth_nothing(answer: str | None) -> None:
    assert check_answer(EIGHTH, answer) == 0.0


def test_a_large_whole_number_is_right_to_the_last_digit_only() -> None:
    reference = _reference("arithmetic", value="121932631112635269", form={})
    assert check_answer(reference, "121932631112635269") == 1.0
    assert check_answer(reference, "1.2193263111263527e+17") == 0.0


def test_an_unknown_family_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="poetry"):
        check_answer(_reference("poetry"), "an ode")


def test_an_answer_to_another_task_is_rarely_right() -> None:
    tasks = generate_tasks(4, 180)
    answers = [json.loads(task.reference) for task in tasks]
    values = [str(answer.get("value", answer.get("output", answer.get("date", "?")))) for answer in answers]
    hits = sum(check_answer(task.reference, value) for task, value in zip(tasks, [*values[1:], values[0]], strict=True))
    assert hits <= 3
