"""One router walking one query's tree, hop by hop, seeing what it would see in the engine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isnan

import numpy as np

from stigmergy.domain import GOAL, NANO, NOTHING, START, NodeId, Spend, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.paths.branches import AT_START
from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.routers.base import Candidate, Outcome, Router, RoutingState, StepOutcome
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.selection import Selection, select


@dataclass(frozen=True, slots=True)
class Rider:
    """A router with its selection, under the name that errors give it."""

    name: str
    router: Router
    selection: Selection


@dataclass(frozen=True, slots=True)
class Ending:
    """One way in which a walk may end: how likely it is, and the rows of its steps, GOAL included where it got there.

    Of a step that ended differently in different runs every outcome is followed, so shares of a walk sum to one.
    """

    share: float
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk is expected to bring and to cost, its ways to end taken by their shares."""

    quality: float
    cost: float
    latency: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk stands, and what the router is told of how it came there."""

    query: int
    row: int = AT_START
    position: NodeId = START
    visited: tuple[NodeId, ...] = ()
    confidences: tuple[float | None, ...] = ()
    spent: Spend = NOTHING
    share: float = 1.0
    rows: tuple[int, ...] = ()


class Walker:
    """Walks a log's trees over its graph.

    Args:
        log: what every step did.
        graph: whose nodes and edges the log's steps are; hops that the log lacks are masked.
    """

    def __init__(self, log: RouteLog, graph: AgentGraph) -> None:
        self._log, self._graph = log, graph
        self._mask = Mask()
        reader = FeatureReader(HashedNgrams())
        queries = log.queries
        self._features = [reader.read(*pair) for pair in zip(queries.texts, queries.tasks, strict=True)]
        branches = log.branches
        # Lists: single figures are read off them several times faster than off arrays.
        self._quality: list[float] = np.nan_to_num(branches.quality).tolist()
        self._cost: list[float] = branches.cost.tolist()
        self._latency: list[float] = branches.latency.tolist()
        self._confidence = [None if isnan(each) else each for each in branches.confidence.tolist()]
        self._spend = [
            Spend(Decimal(cost).quantize(NANO), round(tokens), 1)
            for cost, tokens in zip(branches.cost.tolist(), branches.tokens.tolist(), strict=True)
        ]

    def walk(self, query: int, rider: Rider, rng: random.Random) -> tuple[Ending, ...]:
        """Every way in which the router's walk over a query may end; ``rng`` is for its selection."""
        return tuple(self._endings(_Place(query), rider, rng))

    def expected(self, endings: tuple[Ending, ...]) -> Walked:
        """Quality, cost and latency of a walk: sums over steps, means over endings."""
        quality = cost = latency = 0.0
        for ending in endings:
            quality += ending.share * self._quality[ending.rows[-1]]
            cost += ending.share * sum(self._cost[row] for row in ending.rows)
            latency += ending.share * sum(self._latency[row] for row in ending.rows)
        return Walked(quality, cost, latency)

    def lesson(self, query: int, ending: Ending) -> Outcome:
        """An ending as routers learn from it, judged by its quality."""
        branches = self._log.branches
        rows = [row for row in ending.rows if branches.node[row] != self._log.goal]
        return Outcome(
            episode_id=self._log.queries.ids[query],
            graph=self._graph.name,
            mixture=self._features[query].mixture,
            steps=tuple(self._steps(rows)),
            quality=self._quality[ending.rows[-1]],
            cost_usd=sum(self._cost[row] for row in rows),
            features=self._features[query],
        )

    def _endings(self, place: _Place, rider: Rider, rng: random.Random) -> Iterator[Ending]:
        steps = self._log.children(place.query, place.row)
        if not steps:
            yield Ending(place.share, place.rows)
            return
        chosen = self._choose(place, tuple(steps), rider, rng)
        rows = steps[chosen.node]
        for row, share in zip(rows.tolist(), self._log.shares(rows).tolist(), strict=True):
            yield from self._endings(self._after(place, chosen.node, row, share), rider, rng)

    def _choose(self, place: _Place, logged: tuple[NodeId, ...], rider: Rider, rng: random.Random) -> Candidate:
        open_hops = self._mask.candidates(self._graph, place.position, spent=place.spent).candidates
        candidates = tuple(candidate for candidate in open_hops if candidate.node in logged)
        state = RoutingState(
            query=self._features[place.query],
            graph=self._graph,
            position=place.position,
            candidates=candidates,
            visited=place.visited,
            confidences=place.confidences,
            spent=place.spent,
        )
        return candidates[select(rider.name, rider.router.scores(state), len(candidates), rider.selection, rng).index]

    def _after(self, place: _Place, node: NodeId, row: int, share: float) -> _Place:
        moved = replace(place, row=row, position=node, share=place.share * share, rows=(*place.rows, row))
        if node == GOAL:
            return moved
        return replace(
            moved,
            visited=(*place.visited, node),
            confidences=(*place.confidences, self._confidence[row]),
            spent=place.spent + self._spend[row],
        )

    def _steps(self, rows: list[int]) -> Iterator[StepOutcome]:
        branches, source = self._log.branches, START
        verdicts = [*branches.verdict[rows[1:]].tolist(), float("nan")]
        for row, verdict in zip(rows, verdicts, strict=True):
            node = self._log.nodes[branches.node[row]]
            yield StepOutcome(
                source=source,
                node=node,
                agent=self._graph.profile(node).id,
                usage=Usage(usd=self._spend[row].usd, latency_s=self._latency[row]),
                judgement=None if isnan(verdict) else verdict,
                answered=bool(branches.answered[row]),
            )
            source = node
