"""A guard's verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.guard.guard import Guard
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.terms import Terms, tally


def test_a_known_query_is_served_by_its_agent(guard: Guard) -> None:
    verdict = guard.verdict("Which pill helps   against a headache")
    assert not verdict.rejected
    assert verdict.agent == "doctor"


def test_a_strange_query_is_rejected_with_a_reason(guard: Guard) -> None:
    verdict = guard.verdict("zzz qqq vvv")
    assert verdict.rejected
    assert verdict.reason.startswith("guard: ")
    assert "0.50" in verdict.reason


def test_likeness_is_the_cosine_to_the_nearest_text(guard: Guard) -> None:
    assert guard.neighbours is not None
    known = guard.vocabulary.read("what is the interest on my loan")
    assert guard.neighbours.likeness(known) == pytest.approx(1.0, abs=1e-5)
    assert guard.neighbours.likeness(Terms(np.zeros(0, np.intp), np.zeros(0, np.float32))) == 0.0


def test_what_is_nobodys_is_missing_to_one() -> None:
    labels = LabelModel(("a",), np.array([0, -1], np.int32), np.zeros((1, 2), np.float16), np.zeros(2, np.float32))
    assert labels.chances(Terms(np.zeros(1, np.intp), np.ones(1, np.float32))) == pytest.approx([0.5])


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_the_terms_of_any_text_are_distinct_and_ascending(text: str) -> None:
    hashes, counts = tally(text)
    assert len(hashes) == len(counts)
    assert (np.diff(hashes.astype(np.int64)) > 0).all()


@pytest.mark.parametrize("text", ["", " ", "é", "x" * 100_000])
def test_odd_texts_are_judged_too(guard: Guard, text: str) -> None:
    assert 0.0 <= guard.verdict(text).probability <= 1.0
