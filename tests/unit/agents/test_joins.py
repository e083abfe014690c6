from __future__ import annotations

import pytest

from stigmergy.agents.base import Reply
from stigmergy.agents.joins import RULES, Ballot, agreement, canonical, join, why_enough
from stigmergy.graphs.nodes import JOINS


def ballots(*texts: str, weights: tuple[float, ...] = ()) -> list[Ballot]:
    """One ballot per text; one that begins with "?" is no answer."""
    given = weights or (1.0,) * len(texts)
    return [
        Ballot(f"b{n}", Reply(text=text, answered=not text.startswith("?")), weight)
        for n, (text, weight) in enumerate(zip(texts, given, strict=True))
    ]


def test_every_rule_that_a_graph_may_name_is_there() -> None:
    assert set(RULES) == set(JOINS)


def test_answers_agree_up_to_case_and_white_space() -> None:
    assert canonical(Reply(text=" The\n  Answer ")) == "the answer"
    assert canonical(Reply(text="1/2", canonical="0.5")) == "0.5"


@pytest.mark.parametrize(
    ("texts", "winner"),
    [(("a", "b", "b"), "b"), (("b", "a"), "b"), (("?", "?", "a"), "a"), (("A ", "b", "a"), "A ")],
)
def test_a_vote_goes_to_most_voices_and_of_equals_to_the_first(texts: tuple[str, ...], winner: str) -> None:
    assert join("vote", ballots(*texts)).text == winner


def test_a_weighted_vote_counts_how_sure_the_router_was() -> None:
    cast = ballots("a", "b", "b", weights=(0.9, 0.2, 0.3))
    assert join("weighted_vote", cast).text == "a"
    assert join("weighted_vote", cast).confidence == pytest.approx(0.9 / 1.4)
    assert join("vote", cast).text == "b"


def test_what_is_concatenated_keeps_its_order_and_its_names() -> None:
    joined = join("concatenate", ballots("x", "?", "y"))
    assert (joined.text, joined.data) == ("x\n\ny", {"branches": {"b0": "x", "b2": "y"}})


def test_the_first_good_reply_is_the_first_that_is_an_answer() -> None:
    assert join("first_good", ballots("?", "x", "y")).text == "x"


@pytest.mark.parametrize("rule", RULES)
def test_where_nobody_answered_the_join_did_not_either(rule: str) -> None:
    assert not join(rule, ballots("?", "?no")).answered


def test_the_agreement_holds_however_the_others_vote() -> None:
    assert agreement("vote", ballots("a", "a", "b"), running=1) == 0.5
    assert agreement("vote", ballots("?"), running=1) == 0.0
    assert agreement("weighted_vote", ballots("a", "b", weights=(0.6, 0.2)), running=0) == pytest.approx(0.75)


def test_enough_is_told_with_its_reason() -> None:
    assert why_enough("vote", None, ballots("a", "a"), running=1) is None
    assert why_enough("vote", 0.7, ballots("a", "a"), running=1) is None
    assert "67%" in str(why_enough("vote", 0.6, ballots("a", "a"), running=1))
    assert why_enough("first_good", None, ballots("?"), running=1) is None
    assert why_enough("first_good", None, ballots("?", "a"), running=1) == "branch b1 has answered"
