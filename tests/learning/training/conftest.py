"""Two small worlds whose best policies are known: a log of arms, and a dataset of episodes of two hops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.platform.learning.dataset.folder import DatasetFolder, Manifest
from stigmergy.platform.learning.dataset.recipe import Recipe, save_recipe
from stigmergy.platform.learning.dataset.tables import to_table
from stigmergy.platform.learning.rl.draws import LEVELS, Weather
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms
from stigmergy.platform.learning.rl.steps import Outcome, Steps
from stigmergy.platform.learning.rl.transitions import make_transitions
from stigmergy.platform.learning.trainers.rl.config import BopoConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import open_material
from stigmergy.platform.learning.trainers.rl.playing import World
from stigmergy.routers.estimators.views import learn_semantics
from stigmergy.routers.learned_policy.network import PolicyNetwork, network_of
from stigmergy.routers.observation import NO_LIMIT, ObservationSpec, Situations

SOLVES = {"small": ("numbers",), "middle": (), "large": ("numbers", "letters")}
TOKENS = {"small": 1e-6, "middle": 4e-6, "large": 2e-5}
"""USD per token."""
QUERIES = 160


def write_arms(path: Path) -> Path:
    """Small is right about numbers, large about everything, middle about nothing; a query is about either."""
    rows = []
    for query in range(QUERIES):
        kind = ("numbers", "letters")[query // 5 % 2]
        for arm, price in TOKENS.items():
            rows.append(
                {
                    "query_id": f"q{query:03}",
                    "task": kind,
                    "query": f"question {query} about {kind}, and only about {kind}",
                    "model": arm,
                    "score": float(kind in SOLVES[arm]),
                    "cost_usd": 100 * price,
                    "tokens_in": 50,
                    "tokens_out": 50,
                    "split": ("train", "train", "train", "val", "test")[query % 5],
                }
            )
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture(scope="session")
def arms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_arms(tmp_path_factory.mktemp("arms") / "arms.parquet")


ACTIONS = ("a", "b", "c", "d")
"""First a or b, then c or d."""
EPISODES = 600


def chain_steps(seed: int, clever: float) -> Steps:
    """Only a and then d answers well; a share ``clever`` of the episodes goes that way, the others go any."""
    rng = np.random.default_rng(seed)
    first = np.where(rng.random(EPISODES) < clever, 0, rng.integers(0, 2, EPISODES))
    second = np.where((rng.random(EPISODES) < clever) & (first == 0), 3, rng.integers(2, 4, EPISODES))
    action = np.stack([first, second], axis=1).ravel()
    last = np.tile([False, True], EPISODES)
    good = np.repeat((first == 0) & (second == 3), 2)
    feasible = np.where(last[:, None], [False, False, True, True], [True, True, False, False])
    count = len(action)
    ten, zeros = np.full(feasible.shape, 10), np.zeros(feasible.shape, dtype=np.int64)
    names = np.repeat([f"e{n}" for n in range(EPISODES)], 2).astype(object)
    return Steps(
        seen=Situations(
            features=np.zeros((count, 2), dtype=np.float32),
            mixture=np.ones((count, 1), dtype=np.float32),
            position=np.where(last, 1 + np.repeat(first, 2), 0),
            feasible=feasible,
            healthy=feasible,
            worst_case=ten,
            cost_to_go=zeros,
            spent=np.where(last, 10, 0),
            budget=np.full(count, NO_LIMIT),
            committed=last.astype(np.int64),
        ),
        action=action,
        probabilities=(feasible / 2).astype(np.float32),
        charged=np.full(count, 10),
        quality=np.where(last, good, np.nan).astype(np.float32),
        terminated=last,
        truncated=np.zeros(count, dtype=bool),
        episode=names,
        cluster=names,
        split=np.where(np.arange(count) % 10 < 8, "train", "val").astype(object),
        decided_by=np.full(count, "router", dtype=object),
        outcome=np.full(count, Outcome.ANSWERED.value, dtype=object),
        weight=np.ones(count, dtype=np.float32),
        relabelled=np.zeros(count, dtype=bool),
    )


def write_chain(path: Path, clever: float) -> Path:
    semantics = learn_semantics(("one text", "another one"), bits=6, rank=2)
    spec = ObservationSpec(
        graph="chain",
        features=semantics.version,
        feature_size=2,
        tasks=("any",),
        actions=ACTIONS,
        low=10,
        high=100,
        most_hops=2,
    )
    recipe = Recipe(spec, RewardTerms(scale=CostScale(np.array([10]), np.array([1000]))), semantics)
    folder = DatasetFolder(path)
    path.mkdir()
    version = save_recipe(folder.recipe_path, recipe)
    steps = chain_steps(0, clever)
    pq.write_table(to_table(make_transitions(spec, steps, recipe.terms)), folder.begin() / "part-00000.parquet")
    folder.commit(Manifest(recipe=version, spec=spec.version, source="made up"))
    return path


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logged by chance alone."""
    return write_chain(tmp_path_factory.mktemp("chain") / "dataset", clever=0.0)


@pytest.fixture(scope="session")
def clever_chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logged by somebody who mostly knows the way."""
    return write_chain(tmp_path_factory.mktemp("clever") / "dataset", clever=0.6)


MakeWorld: TypeAlias = Callable[[Path, Path, float], tuple[World, PolicyNetwork]]
"""The log, a folder, how often calls fail: where episodes are played, and somebody who plays them by chance."""


@pytest.fixture
def world() -> MakeWorld:
    return _world


def _world(arms: Path, tmp_path: Path, failure_rate: float) -> tuple[World, PolicyNetwork]:
    material = open_material(RlTraining(data=arms, learner=BopoConfig()), tmp_path)
    replay, spec = material.acted_in(), material.recipe.spec
    rng = np.random.default_rng(3)
    network = network_of(
        [rng.standard_normal((spec.size, len(spec.actions))).astype(np.float32)],
        [np.zeros(len(spec.actions), dtype=np.float32)],
    )
    weather = Weather(failure_rate=failure_rate)
    played = World(
        source=replay.source, terms=material.recipe.terms, rows=replay.rows("train"), weather=weather, levels=LEVELS
    )
    return played, network
