"""Generated graphs: layers of agents, each handing over to a few of the next layer."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import pairwise
from typing import Final

from stigmergy.domain import GOAL, START, AgentProfile, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec

_CAPS: Final = TokenCaps(1000, 500, 1)
FAN: Final = 10
"""Agents that each agent may hand over to."""


def layered_graph(agents: int, seed: int) -> AgentGraph:
    """A graph of ``agents`` agents in layers of about their square root, with ``FAN`` ways on from each.

    Prices and latencies are drawn; every agent has one task type's ability. 2,000 agents make about 20,000 edges.
    """
    rng = random.Random(seed)
    width = max(FAN, round(agents**0.5))
    names = [f"agent{number:05d}" for number in range(agents)]
    layers = [names[start : start + width] for start in range(0, agents, width)]
    profiles = {name: _profile(name, rng) for name in names}
    return AgentGraph(
        "layers", GraphSpec(nodes={n: AgentNode(agent=n) for n in names}, edges=_edges(layers, rng)), profiles
    )


def _edges(layers: list[list[str]], rng: random.Random) -> dict[str, tuple[str, ...]]:
    edges: dict[str, set[str]] = {START: set(layers[0])}
    for here, after in pairwise(layers):
        for name in here:
            edges[name] = set(rng.sample(after, min(FAN, len(after))))
        # Nobody may be left without a way in: the graph would be refused.
        for place, name in enumerate(after):
            edges[here[place % len(here)]].add(name)
    for name in layers[-1]:
        edges[name] = {GOAL}
    return {name: tuple(sorted(targets)) for name, targets in edges.items()}


def _profile(name: str, rng: random.Random) -> AgentProfile:
    return AgentProfile(
        id=name,
        price=Price(per_call=Decimal(rng.randint(1, 1000)) / 100_000),
        caps=_CAPS,
        expected_latency_s=rng.uniform(0.1, 3.0),
        ability={"math": rng.random()},
    )
