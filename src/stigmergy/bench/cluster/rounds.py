"""All rounds on one cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from stigmergy.bench.cluster.node_round import NodeRound, head_round, node_round
from stigmergy.bench.cluster.rollout_round import RolloutRound, rollout_round
from stigmergy.bench.cluster.stage import ClusterStage, cluster_stage
from stigmergy.client import Client

Round: TypeAlias = NodeRound | RolloutRound


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``rounds`` of each of the ``kinds``; those that kill have seeds of their own, counted from ``seed``."""

    rounds: int
    seed: int
    tasks: int
    kinds: Sequence[str]


_Play: TypeAlias = Callable[[ClusterStage, Client, Plan, int], Round]
KINDS: Final[Mapping[str, _Play]] = {
    "rollout": lambda stage, _client, _plan, number: rollout_round(stage, price=f"0.00{number + 2}"),
    "node": lambda stage, client, plan, number: node_round(stage, client, plan.seed + number, plan.tasks),
    "head": lambda stage, client, plan, number: head_round(stage, client, plan.seed + number, plan.tasks),
}
"""A configuration is rolled out, a node is killed, the head is killed."""


def run(plan: Plan, folder: Path) -> Iterator[Round]:
    """Every round as it ends, kind after kind."""
    with cluster_stage(folder) as stage, Client(stage.url) as client:
        for number in range(plan.rounds):
            for kind in plan.kinds:
                yield KINDS[kind](stage, client, plan, number)
