"""Generated tasks: deterministic, balanced, distinct."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from stigmergy.agents.workbench.families.catalog import ALL, FAMILIES
from stigmergy.agents.workbench.families.phrasing import say_number
from stigmergy.agents.workbench.task import FamilyName
from stigmergy.agents.workbench.tasks import DIFFICULTIES, generate_tasks
from stigmergy.agents.workbench.understanding.wording import number_words


def test_the_same_seed_gives_the_same_tasks() -> None:
    assert generate_tasks(7, 60) == generate_tasks(7, 60)
    assert generate_tasks(7, 60) != generate_tasks(8, 60)


def test_families_and_difficulties_come_equally_often() -> None:
    counts = Counter((task.family, task.difficulty) for task in generate_tasks(1, 18 * 10))
    assert counts == {(family, difficulty): 10 for family in ALL for difficulty in DIFFICULTIES}


def test_all_texts_are_distinct() -> None:
    tasks = generate_tasks(2, 1200)
    assert len({task.text for task in tasks}) == 1200


def test_only_the_families_asked_for_are_made() -> None:
    assert {task.family for task in generate_tasks(3, 30, ("dates", "text"))} == {"dates", "text"}


def test_an_unknown_family_is_named_in_the_error() -> None:
    wrong: tuple[FamilyName, ...] = ("poetry",)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="poetry"):
        generate_tasks(1, 3, wrong)


@pytest.mark.parametrize("family", ALL)
def test_a_reference_names_its_family_and_is_not_in_the_text(family: FamilyName) -> None:
    task = FAMILIES[family].generate(random.Random(5), "hard")
    assert json.loads(task.reference)["family"] == family
    assert "reference" not in task.text


@pytest.mark.parametrize("number", [0, 7, 19, 20, 45, 100, 105, 999, 1000, 1005, 12_305, 100_200, 999_999])
def test_a_number_in_words_is_read_back(number: int) -> None:
    assert number_words(say_number(number)) == str(number)
