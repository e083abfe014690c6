"""Votes, and what is measured of the voters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stigmergy.platform.learning.evidence.answer_log import AnswerLog, mean_scores
from stigmergy.platform.learning.evidence.baselines import learn_baselines
from stigmergy.platform.learning.evidence.voting import measure_abilities, vote


def test_two_weak_voters_together_beat_a_stronger_one() -> None:
    code, _ = vote(np.array([[1, 2, 2]]), np.array([[1.5, 1.0, 1.0]]), options=4)
    assert code.tolist() == [2]
    code, _ = vote(np.array([[1, 2, 2]]), np.array([[2.5, 1.0, 1.0]]), options=4)
    assert code.tolist() == [1]


def test_the_confidence_is_the_posterior_of_independent_voters() -> None:
    """One voter of ability p among four options: p itself. Two that agree: p p / (p p + (1 - p)^2 / 3)."""
    weight = np.log(0.7 * 3 / 0.3)
    _, alone = vote(np.array([[1, -1]]), np.array([[weight, weight]]), options=4)
    _, agreed = vote(np.array([[1, 1]]), np.array([[weight, weight]]), options=4)
    assert alone[0] == pytest.approx(0.7)
    assert agreed[0] == pytest.approx(0.49 / (0.49 + 0.03))


def test_nobody_answered_means_no_answer() -> None:
    code, confidence = vote(np.array([[0, -1]]), np.ones((1, 2)), options=4)
    assert (code.tolist(), confidence.tolist()) == ([0], [0.0])


@pytest.fixture
def log() -> AnswerLog:
    """A cheap pair that agrees on 60 of 90 queries and is right there; a dear agent that is right everywhere."""
    first = np.ones(90, dtype=np.int64)
    second = np.where(np.arange(90) < 60, 1, 2)
    return AnswerLog(
        texts=tuple(f"{number}" for number in range(90)),
        tasks=("math", "law", "law") * 30,
        agents=("first", "second", "third"),
        answers=np.stack([np.where(np.arange(90) < 60, 1, 3), second, first], axis=1),
        score=np.stack([second == 1, second == 1, first == 1], axis=1).astype(np.float64),
        cost=np.tile([0.1, 0.1, 1.0], (90, 1)),
        effort=np.zeros((90, 3)),
        files={},
    )


def test_ability_is_counted_per_task_type_and_shrunk(log: AnswerLog) -> None:
    abilities = measure_abilities(log)
    assert abilities.overall.tolist() == pytest.approx([61 / 92, 61 / 92, 0.989], abs=0.001)
    assert abilities.log_odds(log).shape == (90, 3)
    assert abilities.options == 3


def test_an_agent_that_was_asked_few_of_the_queries_is_not_the_best_one(log: AnswerLog) -> None:
    rare = replace(log, answers=np.where([False, False, True] & (np.arange(90) > 9)[:, None], -1, log.answers))
    assert mean_scores(rare)[2] == -1.0
    assert mean_scores(log)[2] == 1.0


def test_probes_ask_the_best_agent_only_where_they_differ(log: AnswerLog) -> None:
    played = learn_baselines(log, log.agents)["probes"](log)
    assert played.quality.mean(axis=0).tolist() == [1.0]
    assert played.cost.mean(axis=0) == pytest.approx([0.2 + 1.0 / 3.0])


def test_chains_offer_every_order_at_every_threshold(log: AnswerLog) -> None:
    played = learn_baselines(log, log.agents)["threshold_chain"](log)
    assert played.quality.shape == (90, 3 + 12 * 15)
    perfect = played.quality.mean(axis=0) == 1.0
    assert played.cost.mean(axis=0)[perfect].min() == pytest.approx(0.2 + 1.0 / 3.0)


def test_votes_cost_what_all_agents_cost_and_the_best_single_what_it_costs(log: AnswerLog) -> None:
    baselines = learn_baselines(log, log.agents)
    assert baselines["vote"](log).cost.mean() == pytest.approx(1.2)
    assert baselines["best_single"](log).cost.mean() == pytest.approx(1.0)
    assert baselines["weighted_vote"](log).quality.mean() == 1.0
