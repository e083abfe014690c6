from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmergy.domain import GOAL, NO_USAGE, NOTHING
from stigmergy.routers.base import Candidate, Outcome, StepOutcome
from stigmergy.routers.retrieval.agent_index import AgentIndex
from stigmergy.routers.retrieval.cards import AgentCard
from stigmergy.routers.retrieval.config import RetrievalConfig
from stigmergy.routers.retrieval.shortlist import Shortlist

CARDS = tuple(
    AgentCard(agent=word, name=word, body=f"all about {word}") for word in ("chess", "poetry", "cooking", "law")
)


@pytest.fixture
def shortlist(index_of: Callable[..., AgentIndex]) -> Shortlist:
    return Shortlist(index_of(*CARDS), 2)


def candidates(*agents: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(f"node {agent}", agent, NOTHING, (NOTHING,)) for agent in agents)


def test_the_best_are_left_in_the_order_of_the_mask_with_what_was_found(shortlist: Shortlist) -> None:
    listed = shortlist.narrow(candidates("chess", "poetry", "cooking", "law"), "law, and poetry, and more law")
    assert [each.agent for each in listed.candidates] == ["poetry", "law"]
    assert {listed.evidence[f"node {agent}"]["retrieval_rank"] for agent in ("poetry", "law")} == {1.0, 2.0}
    assert listed.evidence["node law"]["retrieval_words"] > 0


def test_only_what_the_mask_let_through_is_left(shortlist: Shortlist) -> None:
    listed = shortlist.narrow(candidates("chess", "poetry", "cooking"), "law")
    assert {each.agent for each in listed.candidates} <= {"chess", "poetry", "cooking"}
    assert len(listed.candidates) == 2


def test_where_there_are_no_more_than_k_nothing_changes(shortlist: Shortlist) -> None:
    two = candidates("chess", "law")
    listed = shortlist.narrow(two, "poetry")
    assert (listed.candidates, listed.evidence) == (two, {})


def test_what_has_no_card_stays_and_does_not_count(shortlist: Shortlist) -> None:
    goal, fan = Candidate(GOAL, "", NOTHING, (NOTHING,)), Candidate("fan", "", NOTHING, (NOTHING,))
    listed = shortlist.narrow((goal, fan, *candidates("chess", "poetry", "law")), "law")
    assert listed.candidates[:2] == (goal, fan)
    assert len(listed.candidates) == 4
    few = (goal, fan, *candidates("chess", "poetry"))
    assert shortlist.narrow(few, "law").candidates == few


def test_an_agent_at_two_nodes_is_left_no_more_often_than_k(shortlist: Shortlist) -> None:
    twice = tuple(Candidate(f"law {n}", "law", NOTHING, (NOTHING,)) for n in range(3))
    assert [each.node for each in shortlist.narrow((*twice, *candidates("chess")), "law").candidates] == [
        "law 0",
        "law 1",
    ]


def test_it_learns_from_verdicts_and_else_from_the_quality_of_the_episode(shortlist: Shortlist) -> None:
    def step(agent: str, *, judgement: float | None = None, answered: bool = True) -> StepOutcome:
        return StepOutcome(source="", node=agent, agent=agent, usage=NO_USAGE, judgement=judgement, answered=answered)

    steps = (step("chess"), step("law", judgement=0.0), step("poetry", answered=False), step(""))
    shortlist.learn(Outcome(episode_id="e", graph="g", mixture={}, steps=steps, quality=1.0, cost_usd=0.0))
    shortlist.learn(Outcome(episode_id="f", graph="g", mixture={}, steps=(step("law"),), quality=None, cost_usd=0.0))
    chess, law, poetry, cooking = shortlist.index.record.success(("chess", "law", "poetry", "cooking"))
    assert chess > cooking > law == poetry


@pytest.mark.parametrize(("fields", "problem"), [({"k": 0}, "k = 0"), ({"k": 30, "pool": 20}, "pool = 20")])
def test_a_retrieval_that_leaves_nobody_or_chooses_from_too_few_is_refused(
    fields: dict[str, int], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        RetrievalConfig(k=fields.get("k", 20), pool=fields.get("pool", 100))
