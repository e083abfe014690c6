from __future__ import annotations

from math import log

import numpy as np
import pytest

from stigmergy.routers.retrieval.cards import AgentCard
from stigmergy.routers.retrieval.lexical import LexicalIndex
from stigmergy.routers.retrieval.postings import FieldWeights
from stigmergy.routers.retrieval.words import words_of

CARDS = (
    AgentCard(agent="a", name="sql writer", description="writes queries", body="select join join"),
    AgentCard(agent="b", name="poet", description="writes verse", body="sonnets"),
    AgentCard(agent="c", name="sql tuner", description="tunes queries", body="indexes"),
)
EVERY = np.ones(3, dtype=np.bool_)


def test_the_score_is_bm25f_worked_out_by_hand() -> None:
    weights = FieldWeights(weights=(2.0, 1.0, 1.0), b=(0.0, 0.0, 0.5), k1=1.2)
    heard = LexicalIndex(CARDS, weights).hear("join sql", 3, EVERY)
    joins = 2 / (1 - 0.5 + 0.5 * 3 / (5 / 3))
    expected = log(1 + 2.5 / 1.5) * joins / (1.2 + joins) + log(1 + 1.5 / 2.5) * 2 / (1.2 + 2)
    assert heard.scores[0] == pytest.approx(expected, rel=1e-6)
    assert heard.scores[1] == -np.inf


def test_a_word_in_the_name_counts_more_than_in_the_body() -> None:
    cards = (AgentCard(agent="x", name="other", body="chess"), AgentCard(agent="y", name="chess", body="other"))
    assert LexicalIndex(cards).hear("chess", 2, EVERY[:2]).best(2).tolist() == [1, 0]


def test_coverage_is_the_share_of_the_querys_rarity_by_field() -> None:
    index = LexicalIndex(CARDS)
    heard = index.hear("select sql", 3, EVERY)
    rarities = dict(zip(heard.terms.tolist(), heard.rarities.tolist(), strict=True))
    (name, description, body) = index.coverage([0], heard)[0].tolist()
    assert description == 0.0
    assert sorted((name, body)) == pytest.approx(sorted(value / sum(rarities.values()) for value in rarities.values()))
    assert body > name  # "select" is rarer than "sql"


def test_a_query_without_a_known_word_hears_nothing() -> None:
    assert LexicalIndex(CARDS).hear("zebra", 3, EVERY).best(3).tolist() == []
    assert LexicalIndex(()).hear("zebra", 0, EVERY[:0]).best(3).tolist() == []


def test_words_are_told_without_case_plural_and_empty_words() -> None:
    assert words_of("The queries_of 2 Classes, for buses") == ["query", "2", "classe", "buse"]
