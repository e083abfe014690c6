"""Folds by text, and predictions by those who did not see a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.estimators.base import Outcomes, Predictions, Queries
from stigmergy.routers.estimators.folds import FOLDS, fold_numbers, out_of_fold


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30), st.text(max_size=5))
def test_case_and_spacing_never_part_a_text_from_itself(text: str, salt: str) -> None:
    one, other = fold_numbers([text, f"  {text.lower()}\n"], salt)
    assert one == other


def test_folds_are_about_equal_and_differ_by_salt() -> None:
    texts = [f"text {number}" for number in range(2000)]
    one, other = fold_numbers(texts, "a"), fold_numbers(texts, "b")
    assert np.bincount(one, minlength=FOLDS).min() > 330
    assert 0.1 < (one == other).mean() < 0.3


class Memory:
    """Knows every text it was fitted on."""

    def fit(self, queries: Queries, outcomes: Outcomes) -> Memory:
        found = Memory()
        found.seen = set(queries.texts)
        return found

    seen: set[str]

    def predict(self, queries: Queries) -> Predictions:
        known = np.array([[text in self.seen] for text in queries.texts], dtype=np.float32)
        return Predictions(known, known)


def test_nobody_predicts_what_it_was_fitted_on(world: Callable[..., Any]) -> None:
    seen = world(100)
    one_arm = Outcomes(arms=("a",), quality=seen.outcomes.quality[:, :1], cost=seen.outcomes.cost[:, :1])
    found = out_of_fold(Memory(), seen.queries, one_arm, fold_numbers(seen.queries.texts, "s"))
    assert not found.quality.any()


def test_a_single_query_has_to_be_predicted_by_who_saw_it(world: Callable[..., Any]) -> None:
    seen = world(1)
    found = out_of_fold(Memory(), seen.queries, seen.outcomes, fold_numbers(seen.queries.texts, "s"))
    assert found.quality.all()
