"""Offline rows and steps of environments in a second, all measured in one run on one machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.learning.rl.draws import LEVELS, Weather
from stigmergy.platform.learning.trainers.rl import measuring
from stigmergy.platform.learning.trainers.rl.config import BopoConfig, MarwilConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material, open_material
from stigmergy.platform.learning.trainers.rl.playing import World

ARMS: Final = 8
MINIBATCH: Final = 2048
PART: Final = 8192
"""Rows of a file: of many files RLlib's pipeline converts several at once, and never waits for a large one."""
_SPLITS: Final = (*("train",) * 8, "val", "test")
BARS: Final = {"offline_to_default": 8.0, "offline_to_plain": 0.5, "playing_to_default": 5.0}
"""The least ratios."""


def report(queries: int, epochs: int, told: Callable[[str], object]) -> dict[str, Any]:
    """Every measurement; a JSON-compatible document. ``told`` hears what is measured.

    Args:
        queries: of the made-up log; with ``ARMS`` arms and copies in hindsight they make the rows.
        epochs: passes over the rows that are timed.
        told: hears what is being measured.
    """
    with TemporaryDirectory() as folder:
        told("making a log")
        data = _log(Path(folder) / "log.parquet", queries)
        training = RlTraining(data=data, learner=MarwilConfig(minibatch=MINIBATCH), device="cpu")
        offline = _offline(training, _in_parts(open_material(training, Path(folder)), Path(folder)), epochs, told)
        acting = RlTraining(data=data, learner=BopoConfig(), device="cpu")
        playing = _playing(acting, open_material(acting, Path(folder)), told)
    ratios = {
        "offline_to_default": offline["ours"] / offline["rllib_default"],
        "offline_to_plain": offline["ours"] / offline["plain_torch"],
        "playing_to_default": playing["ours"] / playing["rllib_default"],
    }
    return {
        "transitions_per_s": offline,
        "env_steps_per_s": playing,
        "ratios": ratios,
        "bars": dict(BARS),
        "bars_hold": all(ratios[name] >= bar for name, bar in BARS.items()),
        "minibatch": MINIBATCH,
        "versions": dict(code_versions()),
    }


def _offline(training: RlTraining, material: Material, epochs: int, told: Callable[[str], object]) -> dict[str, float]:
    told("our rows")
    ours = measuring.offline_ours(training, material, epochs)
    told("rows of a plain torch loop")
    plain = measuring.offline_plain(training, material, epochs)
    told("rows of RLlib's default pipeline")
    default, kept = measuring.offline_default(training, material.parts, material.recipe.spec)
    return {"ours": ours, "plain_torch": plain, "rllib_default": default, "rllib_kept_in_memory": kept}


def _playing(training: RlTraining, material: Material, told: Callable[[str], object]) -> dict[str, float]:
    replay = material.acted_in()
    world = World(
        source=replay.source,
        terms=material.recipe.terms,
        rows=replay.rows(TRAIN),
        weather=Weather(failure_rate=0.1),
        levels=LEVELS,
    )
    told("steps of our collector")
    ours = measuring.playing_ours(training, world, 4096, 10)
    told("steps of RLlib's collector")
    default, alone = measuring.playing_default(training, world, 8192)
    return {"ours": ours, "rllib_default": default, "rllib_without_environment": alone}


def _in_parts(material: Material, folder: Path) -> Material:
    """The same rows in files of ``PART``."""
    rows = pa.concat_tables(pq.read_table(part) for part in material.parts)
    parts = [folder / f"part-{number:03}.parquet" for number in range(-(-len(rows) // PART))]
    for number, part in enumerate(parts):
        pq.write_table(rows.slice(number * PART, PART), part)
    return replace(material, parts=tuple(parts))


def _log(path: Path, queries: int) -> Path:
    """Every arm on every query, right by chance, the dearer the more often."""
    rng = np.random.default_rng(0)
    names, arms = [f"q{query:05}" for query in range(queries)], [f"arm{arm}" for arm in range(ARMS)]
    right = rng.random((queries, ARMS)) < np.linspace(0.3, 0.9, ARMS)
    columns = {
        "query_id": np.repeat(names, ARMS),
        "task": np.repeat([f"task{query % 4}" for query in range(queries)], ARMS),
        "query": np.repeat(
            [f"question {query} of kind {query % 4}, word {query % 97}" for query in range(queries)], ARMS
        ),
        "model": np.tile(arms, queries),
        "score": right.ravel().astype(np.float64),
        "cost_usd": np.tile(np.geomspace(1e-4, 1e-2, ARMS), queries),
        "split": np.repeat([_SPLITS[query % len(_SPLITS)] for query in range(queries)], ARMS),
    }
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path)
    return path
