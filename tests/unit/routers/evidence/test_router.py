"""Stop or ask: one decision of a panel."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from stigmergy.routers.evidence.policy import EvidencePolicy
from stigmergy.routers.evidence.router import Ask, EvidenceRouter, Given, PanelState, Stop

MakePolicy = Callable[[Mapping[tuple[int, int], float]], EvidencePolicy]
A, B, C = 1, 2, 4
EVERYONE = frozenset("abc")


def state(given: Mapping[str, str | None] | None = None, **changes: object) -> PanelState:
    replies = {agent: Given(answer, 10, 0.001) for agent, answer in (given or {}).items()}
    fields = {"mixture": {"math": 1.0}, "characters": 80, "given": replies, "available": EVERYONE, **changes}
    return PanelState(**fields)  # type: ignore[arg-type]


def router(policy: EvidencePolicy, check_share: float = 0.0) -> EvidenceRouter:
    return EvidenceRouter(policy, price=0.1, check_share=check_share)


def test_the_agent_worth_most_is_asked_first(make_policy: MakePolicy) -> None:
    decided = router(make_policy({(0, 0): 0.5, (0, 1): 0.7})).decide(state(), random.Random(0))
    assert isinstance(decided, Ask)
    assert (decided.agent, decided.propensity, decided.checks_unanimity) == ("b", 1.0, False)
    assert decided.advantage == pytest.approx(0.7)


def test_somebody_is_asked_first_even_when_nobody_is_worth_it(make_policy: MakePolicy) -> None:
    decided = router(make_policy({(0, 0): -0.5, (0, 1): -0.2, (0, 2): -0.4})).decide(state(), random.Random(0))
    assert isinstance(decided, Ask)
    assert decided.agent == "b"


def test_it_stops_with_the_answer_that_most_stand_behind(make_policy: MakePolicy) -> None:
    decided = router(make_policy({})).decide(state({"a": "7", "b": "9", "c": "9"}), random.Random(0))
    assert isinstance(decided, Stop)
    assert (decided.answer, decided.propensity) == ("9", 1.0)
    assert 0.5 < decided.confidence < 1.0


def test_an_agent_that_failed_was_asked_and_counts_for_no_answer(make_policy: MakePolicy) -> None:
    decided = router(make_policy({(A, 1): 0.3})).decide(state({"a": None}), random.Random(0))
    assert isinstance(decided, Ask)
    assert decided.agent == "b"
    only = router(make_policy({})).decide(state({"a": None}, available=frozenset("a")), random.Random(0))
    assert only == Stop(answer=None, confidence=0.0, propensity=1.0)


@pytest.mark.parametrize(
    "closed",
    [
        {"available": frozenset("ac")},
        {"worst_case_usd": {"b": 0.2}, "budget_left_usd": 0.1},
    ],
    ids=["masked", "too dear for what is left"],
)
def test_who_may_not_be_asked_is_not_asked(make_policy: MakePolicy, closed: dict[str, object]) -> None:
    policy = make_policy({(A, 1): 0.9, (A, 2): 0.3})
    decided = router(policy).decide(state({"a": "7"}, **closed), random.Random(0))
    assert isinstance(decided, Ask)
    assert decided.agent == "c"


def test_when_no_asks_are_left_it_stops(make_policy: MakePolicy) -> None:
    decided = router(make_policy({(A, 1): 0.9}), check_share=1.0).decide(
        state({"a": "7"}, asks_left=0), random.Random(0)
    )
    assert isinstance(decided, Stop)
    assert decided.answer == "7"


def test_a_share_of_unanimous_answers_is_checked_with_the_propensity_that_it_says(make_policy: MakePolicy) -> None:
    rng, deciding = random.Random(5), router(make_policy({}), check_share=0.2)
    decisions = [deciding.decide(state({"a": "7", "b": "7"}), rng) for _ in range(2000)]
    checks = [each for each in decisions if isinstance(each, Ask)]
    assert len(checks) / 2000 == pytest.approx(0.2, abs=0.03)
    assert {(each.agent, each.checks_unanimity, each.propensity) for each in checks} == {("c", True, 0.2)}
    assert {each.propensity for each in decisions if isinstance(each, Stop)} == {0.8}


@pytest.mark.parametrize("given", [{"a": "7", "b": "9"}, {"a": "7"}, {"a": None, "b": None}], ids=str)
def test_only_unanimity_of_several_is_checked(make_policy: MakePolicy, given: Mapping[str, str | None]) -> None:
    deciding = router(make_policy({}), check_share=1.0)
    kinds = Counter(type(deciding.decide(state(given), random.Random(seed))) for seed in range(20))
    assert set(kinds) == {Stop}


def test_a_share_outside_zero_to_one_is_refused(make_policy: MakePolicy) -> None:
    with pytest.raises(ValueError, match=r"check_share = 1\.5"):
        router(make_policy({}), check_share=1.5)
