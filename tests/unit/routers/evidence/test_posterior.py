"""The posterior over answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.evidence.batch import NO_ANSWER, UNASKED, EvidenceBatch, Floats, members_of
from stigmergy.routers.evidence.posterior import lay_ballot, likeliest, probabilities

AGENTS = (0, 1, 2)


def batch_of(answers: list[list[int]]) -> EvidenceBatch:
    table = np.array(answers)
    return EvidenceBatch(
        answers=table,
        effort=np.linspace(-1, 1, table.size).reshape(table.shape),
        spent=np.zeros(table.shape),
        task=np.tile([0.25, 0.75], (len(table), 1)),
        length=np.zeros(len(table)),
    )


def some_weights(batch: EvidenceBatch) -> Floats:
    ballot = lay_ballot(batch, AGENTS)
    return np.asarray(np.random.default_rng(3).normal(size=ballot.support.shape[2] + ballot.doubt.shape[1]))


codes = st.lists(st.lists(st.integers(UNASKED, 4), min_size=3, max_size=3), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(codes)
def test_probabilities_sum_to_one_and_empty_places_have_none(answers: list[list[int]]) -> None:
    batch = batch_of(answers)
    ballot = lay_ballot(batch, AGENTS)
    chances = probabilities(ballot, some_weights(batch))
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert (chances[:, :-1][~ballot.given] == 0.0).all()


@settings(max_examples=40, deadline=None)
@given(codes, st.permutations([1, 2, 3, 4]))
def test_what_an_answer_is_called_changes_no_probability(answers: list[list[int]], names: list[int]) -> None:
    renamed = [[names[code - 1] if code > NO_ANSWER else code for code in row] for row in answers]
    first, second = batch_of(answers), batch_of(renamed)
    weights = some_weights(first)
    before, after = (probabilities(lay_ballot(batch, AGENTS), weights) for batch in (first, second))
    assert before == pytest.approx(after)


def test_an_answer_given_twice_stands_once_and_where_it_was_first_given() -> None:
    ballot = lay_ballot(batch_of([[2, 2, 3], [NO_ANSWER, UNASKED, 1]]), AGENTS)
    assert ballot.given.tolist() == [[True, False, True], [False, False, True]]
    assert ballot.codes.tolist() == [[2, 0, 3], [0, 0, 1]]


def test_where_nobody_answered_there_is_nothing_to_stop_with() -> None:
    batch = batch_of([[NO_ANSWER, UNASKED, NO_ANSWER]])
    ballot = lay_ballot(batch, AGENTS)
    code, chance = likeliest(ballot, probabilities(ballot, some_weights(batch)))
    assert (code.tolist(), chance.tolist()) == ([NO_ANSWER], [0.0])


def test_a_set_written_as_a_bit_mask_names_its_members() -> None:
    assert [members_of(asked) for asked in (0, 1, 6)] == [(), (0,), (1, 2)]
