from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.errors import DuplicateAgent, UnknownAgent
from stigmergy.routers.retrieval.agent_index import AgentIndex
from stigmergy.routers.retrieval.cards import AgentCard
from stigmergy.routers.retrieval.meanings import embedder_for

IndexOf = Callable[..., AgentIndex]
WORDS = ("sql", "poem", "query", "verse", "join", "rhyme", "table", "sonnet")
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
cards = st.builds(AgentCard, agent=st.integers(0, 14).map(str), name=texts, description=texts, body=texts)
ORIGINAL = AgentCard(agent="original", name="sql helper", description="writes queries", body="postgres joins, indexes")
CLONE = AgentCard(agent="clone", name="sql helper", description="writes queries", body="mongodb aggregation pipelines")


def ids(index: AgentIndex, query: str, k: int = 5) -> list[str]:
    return [found.agent for found in index.search(query, k)]


@settings(max_examples=50, deadline=None)
@given(changes=st.lists(cards | st.integers(0, 14).map(str), max_size=40), query=texts)
def test_an_index_that_was_changed_and_compacted_finds_what_a_rebuilt_one_finds(
    index_of: IndexOf, changes: list[AgentCard | str], query: str
) -> None:
    there: dict[str, AgentCard] = {}
    index = index_of()
    for change in changes:
        if isinstance(change, AgentCard) and change.agent not in there:
            index.add(change)
            there[change.agent] = change
        elif isinstance(change, str) and change in there:
            index.remove(change)
            del there[change]
    before = {found.agent for found in index.search(query, 20)}
    index.compact()
    rebuilt = index_of(*there.values())
    assert len(index) == len(rebuilt) == len(there)
    assert index.by_words(query, 20) == rebuilt.by_words(query, 20)
    assert index.by_vectors(query, 20) == rebuilt.by_vectors(query, 20)
    assert ids(index, query, 20) == ids(rebuilt, query, 20)
    assert before == set(ids(rebuilt, query, 20))


def test_what_is_added_is_found_at_once_and_what_is_removed_is_not(index_of: IndexOf) -> None:
    index = index_of(ORIGINAL)
    index.add(CLONE)
    assert ids(index, "mongodb aggregation", 1) == ["clone"]
    index.remove("clone")
    assert ids(index, "mongodb aggregation") == ["original"]
    assert "clone" not in index


def test_many_changes_are_worked_in_by_themselves(index_of: IndexOf) -> None:
    index = index_of(ORIGINAL)
    for number in range(600):
        index.add(AgentCard(agent=str(number), name=f"number {number}"))
        if number % 2:
            index.remove(str(number))
    assert len(index) == 301
    assert ids(index, "number 400", 1) == ["400"]
    assert len(index.vectors) < 601


def test_a_planted_clone_is_told_apart_by_what_it_really_does(index_of: IndexOf) -> None:
    index = index_of(ORIGINAL, CLONE)
    assert ids(index, "a sql helper for postgres joins", 1) == ["original"]
    assert ids(index, "a sql helper for mongodb pipelines", 1) == ["clone"]


def test_where_bodies_say_nothing_a_clone_is_told_apart_by_what_came_of_its_work(index_of: IndexOf) -> None:
    index = index_of(
        ORIGINAL,
        AgentCard(agent="clone", name="sql helper", description="writes queries", body="postgres joins, indexes"),
    )
    assert ids(index, "sql helper") == ["original", "clone"]
    for _ in range(10):
        index.record.note("original", 0.0)
        index.record.note("clone", 1.0)
    assert ids(index, "sql helper") == ["clone", "original"]
    best = index.search("sql helper", 1)[0]
    assert best.evidence()["success"] > 0.8


def test_only_the_agents_that_count_are_found(index_of: IndexOf) -> None:
    index = index_of(ORIGINAL, CLONE)
    found = index.search("sql helper", 5, ("clone", "nobody"))
    assert [each.agent for each in found] == ["clone"]
    assert index.search("sql", 5, ()) == ()


def test_an_agent_that_is_there_twice_or_not_at_all_is_an_error(index_of: IndexOf) -> None:
    with pytest.raises(DuplicateAgent, match="'original' is there already"):
        index_of(ORIGINAL, ORIGINAL)
    index = index_of(ORIGINAL)
    with pytest.raises(DuplicateAgent):
        index.add(ORIGINAL)
    with pytest.raises(UnknownAgent, match="'clone'"):
        index.remove("clone")


def test_an_empty_index_finds_nobody_and_takes_its_first_card() -> None:
    index = AgentIndex((), embedder_for(()))
    assert index.search("anything", 3) == ()
    index.add(ORIGINAL)
    assert ids(index, "sql") == ["original"]
