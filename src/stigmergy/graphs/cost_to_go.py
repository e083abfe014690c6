"""What is still ahead at every node: least weight, greatest value, and the Pareto-least worst cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import inf, isfinite

import numpy as np

from stigmergy.domain import GOAL, NOTHING, NodeId, Spend
from stigmergy.graphs.agent_graph import NO_FAN_OUTS, AgentGraph, Needs


def potentials(graph: AgentGraph, weights: Mapping[NodeId, float]) -> Mapping[NodeId, float]:
    """The least weight of completing from each node to GOAL, the node's own weight excluded.

    ``h(GOAL) = 0``, ``h(n) = min over successors s of weight(s) + h(s)``; infinity where no completion is finite.
    One pass from GOAL backwards, O(E), all nodes of a level at once. ``weights`` as in ``shortest_path``.
    """
    return dict(zip(graph.layout.nodes, ahead_by_place(graph, weights), strict=True))


def ahead_by_place(graph: AgentGraph, weights: Mapping[NodeId, float]) -> list[float]:
    """``potentials`` by the places of ``graph.layout``."""
    # GOAL has the first place and START the last one, and neither weighs anything.
    entering = np.array([0.0, *map(weights.__getitem__, graph.layout.nodes[1:-1]), 0.0])
    ahead: list[float] = graph.layout.least_ahead(entering).tolist()
    return ahead


def dearest_potentials(graph: AgentGraph, values: Mapping[NodeId, float]) -> Mapping[NodeId, float]:
    """The greatest sum of values of completing from each node to GOAL, the node's own value excluded.

    ``g(GOAL) = 0``, ``g(n) = max over successors s of value(s) + g(s)``. A node whose value is not finite is never
    entered; minus infinity where no completion is left.
    """
    ahead = {GOAL: 0.0}
    for node in reversed(graph.order):
        if node != GOAL:
            steps = ((s, 0.0 if s == GOAL else values[s]) for s in graph.successors(node))
            ahead[node] = max((ahead[s] + value for s, value in steps if isfinite(value)), default=-inf)
    return ahead


def completions(
    graph: AgentGraph, unavailable: AbstractSet[NodeId] = frozenset(), needs: Needs = NO_FAN_OUTS
) -> Mapping[NodeId, tuple[Spend, ...]]:
    """The Pareto-least worst cases of completing from each node to GOAL, the node's own worst case excluded.

    ``C(GOAL) = {nothing}``, ``C(n) = least of {worst_case(s) + c : s in successors, s available, c in C(s)}``. The
    minima of single resources may come from different paths, so a hop is affordable iff one of these vectors fits.
    Effects are not seen here: where a route could repeat one, ``constrained_shortest_path`` decides.

    Args:
        graph: a fan-out in it is one node.
        unavailable: nodes that must not be entered (agent down, not permitted, excluded).
        needs: the Pareto-least worst cases of fan-outs as things stand; without them ``graph.worst_case`` holds.

    Returns:
        For every node, START and GOAL included, the vectors in order of (usd, tokens, calls); empty: no completion.
    """
    ahead: dict[NodeId, tuple[Spend, ...]] = {GOAL: (NOTHING,)}
    # The nodes of one stage have the same successors and so the same completions.
    known: dict[tuple[NodeId, ...], tuple[Spend, ...]] = {}
    for node in reversed(graph.order):
        targets = graph.successors(node)
        if node != GOAL and targets not in known:
            open_targets = [target for target in targets if target not in unavailable]
            known[targets] = pareto_least(
                need + c for s in open_targets for need in needs.get(s) or (graph.worst_case(s),) for c in ahead[s]
            )
        if node != GOAL:
            ahead[node] = known[targets]
    return ahead


def sums(*parts: Sequence[Spend]) -> tuple[Spend, ...]:
    """The Pareto-least sums of one vector of each part; a part without vectors leaves none."""
    totals: tuple[Spend, ...] = (NOTHING,)
    for part in parts:
        totals = pareto_least(total + each for total in totals for each in part)
    return totals


def pareto_least(spends: Iterable[Spend]) -> tuple[Spend, ...]:
    """The vectors that no other is at most in every resource, each once, in order of (usd, tokens, calls)."""
    kept: list[Spend] = []
    # In this order whatever dominates a vector comes before it with no more usd, so tokens and calls decide.
    least_tokens: dict[int, int] = {}
    for spend in sorted(spends, key=lambda s: (s.usd, s.tokens, s.calls)):
        if not any(calls <= spend.calls and tokens <= spend.tokens for calls, tokens in least_tokens.items()):
            kept.append(spend)
            least_tokens[spend.calls] = spend.tokens
    return tuple(kept)
