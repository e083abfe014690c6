"""What the evidence router learns in worlds whose best policy is known."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from stigmergy.platform.learning.evidence.answer_log import AnswerLog, make_batch
from stigmergy.platform.learning.evidence.evaluation import evaluate
from stigmergy.platform.learning.evidence.origin import origin_of
from stigmergy.platform.learning.evidence.play import play
from stigmergy.platform.learning.evidence.training import train
from stigmergy.platform.learning.evidence.training_config import TrainingConfig
from stigmergy.routers.evidence.artifact import save_artifact
from stigmergy.routers.evidence.router import EvidenceRouter, Given, PanelState, Stop

Column: TypeAlias = NDArray[np.int64]
CONFIG = TrainingConfig(prices=(0.0, 0.2, 2.0))
FREE, FAIR, PRECIOUS = range(3)
"""Places of the prices."""
RIGHT = 1
"""Code of the right answer; the wrong ones are 2 to 4."""
DEAR, CHEAP = 1.0, 0.1


def make_log(
    answers: dict[str, Column], cost: dict[str, float], effort: NDArray[np.float64] | None = None
) -> AnswerLog:
    """A log from answer codes per agent; ``effort`` belongs to the first agent by name."""
    agents = tuple(sorted(answers))
    table = np.stack([answers[agent] for agent in agents], axis=1).astype(np.int64)
    there = table >= 0
    efforts = np.zeros(table.shape)
    if effort is not None:
        efforts[:, 0] = effort
    number = len(table)
    return AnswerLog(
        texts=tuple(f"question number {row}" for row in range(number)),
        tasks=("math",) * number,
        agents=agents,
        answers=table,
        score=(table == RIGHT).astype(np.float64),
        cost=there * np.array([cost[agent] for agent in agents]),
        effort=efforts,
        files={"world": "made"},
    )


def guess(rng: np.random.Generator, right: NDArray[np.float64] | float, number: int) -> Column:
    """Answers that are right with a chance, else one of three wrong ones."""
    hits = rng.random(number) < right
    return np.where(hits, RIGHT, rng.integers(2, 5, size=number))


def telling_effort(seed: int, number: int = 3000) -> AnswerLog:
    """A cheap agent, right at .96 when it writes little (half of the queries) and at .3 else; a dear one at .98."""
    rng = np.random.default_rng(seed)
    easy = rng.random(number) < 0.5
    cheap = guess(rng, np.where(easy, 0.96, 0.3), number)
    return make_log(
        {"cheap": cheap, "dear": guess(rng, 0.98, number)},
        {"cheap": CHEAP, "dear": DEAR},
        np.log1p(np.where(easy, 20.0, 400.0)),
    )


def clones(seed: int, number: int = 3000) -> AnswerLog:
    """Two cheap agents that always say the same, right at .7, and an independent one as good and as cheap."""
    rng = np.random.default_rng(seed)
    said = guess(rng, 0.7, number)
    return make_log(
        {"one": said, "other": guess(rng, 0.7, number), "same": said},
        {"one": CHEAP, "other": CHEAP, "same": CHEAP},
    )


def partly_absent(seed: int, number: int = 2000) -> AnswerLog:
    """The cheap agent is perfect, and not there for every third query."""
    rng = np.random.default_rng(seed)
    cheap = np.where(np.arange(number) % 3 == 0, -1, RIGHT)
    return make_log({"cheap": cheap, "dear": guess(rng, 0.9, number)}, {"cheap": CHEAP, "dear": DEAR})


def test_it_asks_the_dear_agent_where_the_cheap_one_wrote_much_and_nowhere_else() -> None:
    """Best at a price of .2 per dear call: quality (.96 + .98) / 2 for .1 + .5 dear calls."""
    played = play(train(telling_effort(0), CONFIG).policy, telling_effort(1))
    assert played.quality[:, FAIR].mean() == pytest.approx(0.97, abs=0.012)
    assert played.cost[:, FAIR].mean() == pytest.approx(0.6, abs=0.03)


def test_a_clone_adds_nothing_to_what_is_believed_and_is_not_paid_for() -> None:
    trained, fresh = train(clones(0), CONFIG), clones(1)
    played = play(trained.policy, fresh)
    assert played.quality[:, PRECIOUS].mean() == pytest.approx(0.7, abs=0.03)
    assert played.cost[:, PRECIOUS] == pytest.approx(CHEAP)
    roster = trained.policy.roster
    one, other, same = (roster.index(name) for name in ("one", "other", "same"))
    batch = make_batch(fresh.of(roster), trained.policy.tasks, trained.policy.scales)
    feasible = np.ones(fresh.answers.shape, dtype=bool)
    after_two = trained.policy.judge(batch, 1 << one | 1 << other, feasible)
    assert (after_two.advantage[:, same, FAIR] < 0.0).all()
    after_one = trained.policy.judge(batch, 1 << one, feasible)
    assert after_one.confidence == pytest.approx(0.7, abs=0.03)
    with_clone = trained.policy.judge(batch, 1 << one | 1 << same, feasible)
    assert with_clone.confidence == pytest.approx(after_one.confidence, abs=0.02)


def test_an_agent_that_is_not_there_is_not_asked_and_not_missed() -> None:
    played = play(train(partly_absent(0), CONFIG).policy, fresh := partly_absent(1))
    there = fresh.available[:, 0]
    assert played.quality[there, FAIR].mean() == 1.0
    assert played.cost[there, FAIR] == pytest.approx(CHEAP)
    assert played.cost[~there, FAIR] == pytest.approx(DEAR)


def test_what_was_decided_out_of_fold_is_what_fresh_queries_get() -> None:
    trained = train(telling_effort(0), CONFIG)
    played = play(trained.policy, telling_effort(1))
    for place in (FREE, FAIR, PRECIOUS):
        assert trained.out_of_fold.quality[:, place].mean() == pytest.approx(played.quality[:, place].mean(), abs=0.03)
        assert trained.out_of_fold.cost[:, place].mean() == pytest.approx(played.cost[:, place].mean(), abs=0.05)


def test_asked_one_by_one_it_decides_as_in_replay() -> None:
    policy, fresh = train(telling_effort(0, 1000), CONFIG).policy, telling_effort(1, 60)
    played = play(policy, fresh)
    router = EvidenceRouter(policy, price=CONFIG.prices[FAIR], check_share=0.0)
    for row in range(60):
        answer, cost = panel(router, fresh, row)
        assert cost == pytest.approx(played.cost[row, FAIR])
        assert float(answer == str(RIGHT)) == played.quality[row, FAIR]


def panel(router: EvidenceRouter, log: AnswerLog, row: int) -> tuple[str | None, float]:
    """Ask until the router stops; the answer and what was spent."""
    given: dict[str, Given] = {}
    while True:
        state = PanelState(
            mixture={log.tasks[row]: 1.0},
            characters=len(log.texts[row]),
            given=given,
            available=frozenset(log.agents),
        )
        decided = router.decide(state, random.Random(0))
        if isinstance(decided, Stop):
            return decided.answer, sum(each.cost_usd for each in given.values())
        place = log.agents.index(decided.agent)
        tokens = round(float(np.expm1(log.effort[row, place])))
        given = {**given, decided.agent: Given(str(log.answers[row, place]), tokens, float(log.cost[row, place]))}


def test_the_same_log_gives_the_same_artifact(tmp_path: Path) -> None:
    log = telling_effort(0, 400)
    first, second = (
        save_artifact(tmp_path / name, train(log, CONFIG).policy, origin_of(log, CONFIG)) for name in ("a", "b")
    )
    assert first.version == second.version
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_evaluation_finds_the_gain_that_effort_makes_possible() -> None:
    """Chains see answers only: the cheap agent alone never tells them whether it is right."""
    (result,) = evaluate(telling_effort(0), CONFIG, seeds=1)
    ours, chain = result.methods["evidence"], result.methods["threshold_chain"]
    assert ours.cost_share[1.0] is not None
    assert ours.cost_share[1.0].mean < 0.75
    assert chain.cost_share[1.0] is not None
    assert chain.cost_share[1.0].low > ours.cost_share[1.0].high
    assert result.methods["best_single"].gain is not None
    assert result.methods["best_single"].gain.mean == 0.0
