"""Doubles and builders for tests of code that uses Stigmergy. Everything here is public and stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from stigmergy.domain import (
    AgentId,
    AgentProfile,
    Budget,
    NodeId,
    Price,
    Task,
    TaskId,
    TaskType,
    TokenCaps,
    to_nano,
)
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.estimators.views import learn_semantics
from stigmergy.routers.learned_policy.artifact import LearnedPolicy
from stigmergy.routers.learned_policy.network import network_of
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.price_range import price_range
from stigmergy.routers.situation import actions_of

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When time begins in tests, unless they say otherwise."""
Usd: TypeAlias = Decimal | str | int
"""Money as it is convenient to write; never a float, which could not be exact."""
_CAPS: Final = TokenCaps()
_NO_LIMITS: Final = Budget()


class FakeClock:
    """A ``stigmergy.platform.clock.Clock`` that stands still until it is told to go on."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """The UTC time of day."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: the seconds are negative; time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} s: time does not go back")
        self._elapsed_s += seconds


def agent_profile(
    agent: AgentId = "solver",
    usd_per_call: Usd = "0.001",
    *,
    caps: TokenCaps = _CAPS,
    timeout_s: float = 30.0,
    latency_s: float = 0.1,
    ability: Mapping[TaskType, float] | None = None,
    effect: str | None = None,
) -> AgentProfile:
    """An agent that costs the same for every call, whatever its tokens: its worst case is price x model calls."""
    return AgentProfile(
        id=agent,
        price=Price(per_call=Decimal(usd_per_call)),
        caps=caps,
        timeout_s=timeout_s,
        expected_latency_s=latency_s,
        ability=ability or {},
        effect=effect,
    )


def task(
    text: str = "What is 17% of 2,340?",
    *,
    task_id: TaskId = "task-1",
    graph: str = "linear",
    router: str = "cheapest",
    budget: Budget = _NO_LIMITS,
    task_type: TaskType | None = None,
    reference: str | None = None,
    tenant: str = "local",
    key: str = "",
    created_at: datetime = EPOCH,
) -> Task:
    """A task as the engine gets it."""
    return Task(
        id=task_id,
        text=text,
        graph=graph,
        router=router,
        budget=budget,
        task_type=task_type,
        reference=reference,
        tenant=tenant,
        key=key,
        created_at=created_at,
    )


def linear_graph(stages: Sequence[Sequence[tuple[NodeId, Usd]]], *, name: str = "linear") -> AgentGraph:
    """Stages one after another, each agent of one leading to each of the next.

    Args:
        stages: per stage, its agents as (name, USD per call); a node is called as its agent.
        name: what tasks call the graph by.

    Raises:
        DuplicateName: a name occurs twice, or is START or GOAL.
        GoalUnreachable: there is no stage, or one without an agent.
    """
    profiles = {agent: agent_profile(agent, usd) for stage in stages for agent, usd in stage}
    names = tuple(tuple(agent for agent, _ in stage) for stage in stages)
    return AgentGraph(name, GraphSpec(stages=names), profiles)


def untrained_policy(
    graph: AgentGraph, *, tasks: Sequence[TaskType] = ("code", "math"), seed: int = 0
) -> LearnedPolicy:
    """A policy for a graph without fan-outs, with random weights: fit to be served, of no worth.

    Args:
        graph: that it decides on.
        tasks: the task types that it tells apart.
        seed: of the weights.
    """
    prices, rng = price_range(graph), np.random.default_rng(seed)
    semantics = learn_semantics(("What is 17% of 2,340?", "Reverse a list in Python."), bits=6, rank=2)
    low, high = (round(share * to_nano(prices.unit_usd)) for share in (prices.cheapest, prices.dearest))
    spec = ObservationSpec(
        graph=graph.version,
        features=semantics.version,
        feature_size=semantics.directions.shape[1],
        tasks=tuple(tasks),
        actions=actions_of(graph),
        low=low,
        high=high,
        most_hops=len(graph.nodes),
    )
    sizes = (spec.size, 8, len(spec.actions))
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in pairwise(sizes)]
    return LearnedPolicy(
        spec=spec,
        network=network_of(weights, [np.zeros(size, dtype=np.float32) for size in sizes[1:]]),
        outputs="logits",
        semantics=semantics,
        learner="none",
        reward={},
        origin=Origin(data={}, code="", config={"seed": seed}, queries=0),
    )
