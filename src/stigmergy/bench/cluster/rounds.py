"""All rounds on one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from stigmergy.bench.cluster.node_round import NodeRound, head_round, node_round
from stigmergy.bench.cluster.rollout_round import RolloutRound, rollout_round
from stigmergy.bench.cluster.stage import cluster_stage
from stigmergy.client import Client

Round: TypeAlias = NodeRound | RolloutRound


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``rounds`` of each kind; those that kill have seeds of their own, counted from ``seed``."""

    rounds: int
    seed: int
    tasks: int


def run(plan: Plan, folder: Path) -> Iterator[Round]:
    """Every round as it ends: a configuration is rolled out, a node is killed, the head is killed."""
    with cluster_stage(folder) as stage, Client(stage.url) as client:
        for number in range(plan.rounds):
            yield rollout_round(stage, price=f"0.00{number + 2}")
            yield node_round(stage, client, plan.seed + number, plan.tasks)
            yield head_round(stage, client, plan.seed + number, plan.tasks)
