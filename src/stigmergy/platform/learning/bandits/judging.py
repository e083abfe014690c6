"""All players over several seeds, by simulation or by replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stigmergy.errors import UnknownEstimator
from stigmergy.platform.learning.bandits.choice_log import ChoiceLog
from stigmergy.platform.learning.bandits.players import PLAYERS, REFERENCES, Table, Tuning
from stigmergy.platform.learning.bandits.playing import Played, play, replay
from stigmergy.platform.learning.bandits.stream import SCENARIOS, draw_stream
from stigmergy.platform.learning.bandits.training import see_all
from stigmergy.platform.learning.bandits.world import World
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable

Runs = Mapping[str, Sequence[Played]]
"""Of every player, one per seed."""
Progress = Callable[[str], object]
_WARM = "_warm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who plays, how often, and tuned how; the references always play."""

    players: tuple[str, ...]
    seeds: int
    tuning: Tuning

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who plays, each once."""
        return tuple(dict.fromkeys((*REFERENCES, *self.players)))


def plan_of(players: Sequence[str], seeds: int, tuning: Tuning) -> Plan:
    """The plan for the players named, or for all of them; raises UnknownEstimator for a name that nobody has."""
    for name in players:
        if name not in PLAYERS:
            raise UnknownEstimator(name, tuple(PLAYERS))
    return Plan(players=tuple(players or PLAYERS), seeds=seeds, tuning=tuning)


def simulate(
    world: World, table: OutcomeTable, split: str, rounds: int, plan: Plan, told: Progress
) -> Mapping[str, Runs]:
    """Every scenario: each seed is a stream of ``rounds`` queries of a split, drawn with replacement.

    All players of a seed meet the same stream.
    """
    queries = np.flatnonzero(table.rows_of(split))
    seat = Table(
        arms=world.arms,
        dims=world.contexts.shape[1],
        standing=world.standing,
        tuning=plan.tuning,
        seen=see_all(world, np.flatnonzero(table.rows_of(TRAIN))),
    )
    found: dict[str, dict[str, list[Played]]] = {scenario: {name: [] for name in plan.names} for scenario in SCENARIOS}
    for seed in range(plan.seeds):
        told(f"seed {seed + 1} of {plan.seeds}")
        stream = draw_stream(world, queries, rounds, np.random.default_rng(seed))
        for scenario, change in SCENARIOS.items():
            changed = change(stream, world.standing)
            for name in plan.names:
                found[scenario][name].append(play(PLAYERS[name](replace(seat, seed=seed)), changed))
    return found


def replay_log(log: ChoiceLog, plan: Plan, told: Progress) -> Runs:
    """Each seed draws queries with replacement, takes all rows of theirs, and shuffles them. No player begins warm."""
    uniform = log.uniform
    rows_of = {query: np.flatnonzero(uniform.query == query) for query in np.unique(uniform.query).tolist()}
    names = [name for name in plan.names if not name.endswith(_WARM)]
    seat = Table(arms=uniform.arms, dims=uniform.contexts.shape[1], standing=log.standing, tuning=plan.tuning)
    found: dict[str, list[Played]] = {name: [] for name in names}
    for seed in range(plan.seeds):
        told(f"seed {seed + 1} of {plan.seeds}")
        rng = np.random.default_rng(seed)
        drawn = rng.choice(list(rows_of), size=len(rows_of))
        rows = rng.permutation(np.concatenate([rows_of[query] for query in drawn]))
        for name in names:
            found[name].append(replay(PLAYERS[name](replace(seat, seed=seed)), uniform, rows))
    return found
