"""Rows that learners pass over, and episodes that they play."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.rl.draws import LEVELS
from stigmergy.platform.learning.trainers.rl.config import LagrangianConfig, MarwilConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import open_material
from stigmergy.platform.learning.trainers.rl.objectives import BoundaryRelative, MeanBudget
from stigmergy.platform.learning.trainers.rl.playing import Player, join
from stigmergy.platform.learning.trainers.rl.rows import Rows, read_rows

if TYPE_CHECKING:
    from tests.learning.training.conftest import MakeWorld


@settings(max_examples=50)
@given(st.lists(st.floats(0.125, 16.0, width=32), min_size=1, max_size=40), st.integers(0, 1000))
def test_a_row_is_seen_as_often_as_it_weighs_up_to_one(weights: list[float], seed: int) -> None:
    weight = np.array(weights, dtype=np.float32)
    rows = Rows({"obs": np.arange(len(weight))}, weight)
    seen = np.concatenate([chunk["obs"] for chunk in rows.chunks(np.random.default_rng(seed), 7)])
    times = np.bincount(seen, minlength=len(weight))
    assert (np.abs(times - weight / weight.mean(dtype=np.float64)) < 1.0 + 1e-6).all()


def test_rows_of_equal_weight_are_each_seen_once_in_an_order_of_the_seed() -> None:
    rows = Rows({"obs": np.arange(1000)}, np.full(1000, 0.1, dtype=np.float32))
    one, same, other = (
        np.concatenate([chunk["obs"] for chunk in rows.chunks(np.random.default_rng(seed), 64)]) for seed in (1, 1, 2)
    )
    assert sorted(one) == list(range(1000))
    assert (one == same).all()
    assert (one != other).any()


def test_learners_from_rows_see_the_train_split_alone(chain: Path) -> None:
    material = open_material(RlTraining(data=chain, learner=MarwilConfig()), chain)
    whole = sum(len(read_rows(material.parts, MarwilConfig(), split)) for split in ("train", "val"))
    assert len(read_rows(material.parts, MarwilConfig(), "train")) == 960
    assert whole == 1200


def test_every_episode_is_played_to_its_end_within_its_budget(arms: Path, tmp_path: Path, world: MakeWorld) -> None:
    played, network = world(arms, tmp_path, 0.4)
    found = Player(played, 200).play(network, (0, 1))
    charged = np.bincount(found.episode, weights=found.charged, minlength=200)
    assert set(found.episode) == set(range(200))
    assert len(found) > 200
    assert (charged <= found.budget).all()
    assert np.isfinite(found.log_probability).all()


def test_the_same_seed_plays_the_same_episodes(arms: Path, tmp_path: Path, world: MakeWorld) -> None:
    played, network = world(arms, tmp_path, 0.2)
    one, same, other = (Player(played, 50).play(network, (0, n)) for n in (1, 1, 2))
    assert (one.action == same.action).all()
    assert (one.reference == same.reference).all()
    assert one.budget.tolist() != other.budget.tolist()


def test_parts_played_apart_are_joined_with_their_own_episodes(arms: Path, tmp_path: Path, world: MakeWorld) -> None:
    played, network = world(arms, tmp_path, 0.4)
    parts = [Player(played, count).play(network, (0, count)) for count in (30, 20)]
    whole = join(parts)
    assert len(whole.level) == 50
    assert whole.per_episode(whole.reward).tolist() == [
        *parts[0].per_episode(parts[0].reward).tolist(),
        *parts[1].per_episode(parts[1].reward).tolist(),
    ]


def test_advantages_refer_to_the_boundary_policies_on_the_same_draws(
    arms: Path, tmp_path: Path, world: MakeWorld
) -> None:
    played, network = world(arms, tmp_path, 0.4)
    found = Player(played, 100).play(network, (0, 1))
    batch = BoundaryRelative().batch(found)
    returns = found.per_episode(found.reward)
    assert (batch["returns"] == returns[found.episode]).all()
    assert (batch["reference"] == found.reference[found.episode]).all()
    assert batch["spread"][0] == (batch["returns"] - batch["reference"]).std()


def test_a_multiplier_grows_while_its_level_is_charged_too_much_and_is_never_negative(
    arms: Path, tmp_path: Path, world: MakeWorld
) -> None:
    played, network = world(arms, tmp_path, 0.0)
    found = Player(played, 200).play(network, (0, 1))
    greedy = MeanBudget(LagrangianConfig(mean_share=1e-3), len(LEVELS))
    free = MeanBudget(LagrangianConfig(mean_share=1.0), len(LEVELS))
    for objective in (greedy, free):
        objective.batch(found)
    assert all(multiplier > 0.0 for multiplier in greedy.state)
    assert free.state == [0.0] * len(LEVELS)


def test_values_to_go_are_sums_of_what_follows_in_the_episode(arms: Path, tmp_path: Path, world: MakeWorld) -> None:
    played, network = world(arms, tmp_path, 0.5)
    found = Player(played, 60).play(network, (0, 4))
    to_go = MeanBudget(LagrangianConfig(mean_share=1.0), len(LEVELS)).batch(found)["value_targets"]
    for episode in range(60):
        hops = np.flatnonzero(found.episode == episode)
        rewards = found.reward[hops]
        assert np.allclose(to_go[hops], np.cumsum(rewards[::-1])[::-1], atol=1e-5)
