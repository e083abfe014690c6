"""The network as a router: predicted quality net of predicted cost, over whatever agents the graph has."""

from __future__ import annotations

from threading import Lock
from typing import Final

import numpy as np

from stigmergy.domain import GOAL, AgentId, NodeId
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.base import Evidence, Outcome, RoutingState, Scores, Vector
from stigmergy.routers.configs import GnnConfig
from stigmergy.routers.credit import FairShares, judged_decisions, weight_of
from stigmergy.routers.gnn.checkpoint import GnnArtifact
from stigmergy.routers.gnn.log import Edge
from stigmergy.routers.gnn.scorer import GnnScorer, Predicted

_TINY: Final = 1e-12


class GnnRouter:
    """Scores a hop by ``quality - cost_weight (cost - low) / (high - low)``; implements ``Router``, ``TradesOff``.

    Thread-safe. low and high are the prices of the cheapest and the dearest agent of the artifact (METHODS M6: frozen
    there). GOAL is worth what the last agent's reply is predicted to be worth, at no cost. An agent that the artifact
    does not know is scored from its description, and from its outcomes as they come in; fan-outs count as an average
    agent.

    Args:
        config: trade-off, and how outcomes are taken in.
        artifact: what was trained.
    """

    def __init__(self, config: GnnConfig, artifact: GnnArtifact) -> None:
        self._config = config
        self._semantics = artifact.semantics
        self._scorer = artifact.scorer
        prices = artifact.scorer.memory.prices
        self._low, self._high = float(prices.min()), float(prices.max())
        self._met: set[str] = set()
        self._waiting: list[tuple[Vector, list[tuple[str, float, float]]]] = []
        self._shares = FairShares()
        self._lock = Lock()

    @property
    def trade_off(self) -> float:
        """See ``TradesOff``: a task sets ``cost_weight``."""
        return self._config.cost_weight

    @property
    def agents(self) -> tuple[str, ...]:
        """Whom it knows, those met since training included."""
        return self._scorer.agents

    def admit(self, graph: AgentGraph, features: str) -> None:
        """Get to know a graph, whose queries are read in this version of features.

        Raises:
            InvalidArtifact: it was trained on others, or neither knows an agent of the graph nor finds a description of
                it.
        """
        self._check_features(features)
        self._meet(graph)

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``. Evidence: quality, deviation, cost_usd, seen (outcomes of the agent).

        Raises:
            InvalidArtifact: as ``admit``.
        """
        self.admit(state.graph, state.query.version)
        scorer = self._scorer
        found = scorer.predict(self._semantics.project(state.query.vector[None]))
        agents = _agents_by_node(state.graph)
        places = {agent: place for place, agent in enumerate(scorer.agents)}
        last = next((agents[node] for node in reversed(state.visited) if node in agents), None)
        evidence = []
        for candidate in state.candidates:
            agent = last if candidate.node == GOAL else candidate.agent
            told = _evidence(found, scorer, places.get(agent or ""))
            evidence.append({**told, "cost_usd": 0.0} if candidate.node == GOAL else told)
        weight = self.trade_off if state.trade_off is None else state.trade_off
        return Scores(tuple(self._worth(each, weight) for each in evidence), tuple(evidence))

    def learn(self, outcome: Outcome) -> None:
        """Take the edges of what it decided in; they count from the next ``refresh_every``-th query on.

        An episode that was judged by a rarer chance than others stands for more of them (``credit.FairShares``).
        """
        if outcome.features is None:
            return
        edges = [(step.agent, quality, float(step.usage.usd)) for step, quality in judged_decisions(outcome)]
        with self._lock:
            if edges and self._fits(outcome.features.version):
                self._waiting.extend([(outcome.features.vector, edges)] * self._shares.next(weight_of(outcome)))
            if len(self._waiting) >= self._config.refresh_every:
                self._refresh()

    def _refresh(self) -> None:
        known = {agent: place for place, agent in enumerate(self._scorer.agents)}
        edges: list[Edge] = [
            (query, known[agent], quality, cost)
            for query, (_, seen) in enumerate(self._waiting)
            for agent, quality, cost in seen
            if agent in known
        ]
        vectors = self._semantics.project(np.stack([vector for vector, _ in self._waiting]))
        self._scorer = self._scorer.with_outcomes(vectors, edges, self._config.most_queries)
        self._waiting.clear()

    def _meet(self, graph: AgentGraph) -> None:
        if graph.version in self._met:
            return
        with self._lock:
            profiles = {agent: graph.profile(node) for node, agent in _agents_by_node(graph).items()}
            new = [profiles[agent] for agent in sorted(profiles) if agent not in self._scorer.agents]
            mute = [profile.id for profile in new if not profile.description]
            if mute:
                why = f"it does not know {', '.join(mute)} of graph {graph.name}; give them a description"
                raise InvalidArtifact(str(self._config.artifact), why)
            if new:
                self._scorer = self._scorer.with_agents([(profile.id, profile.description) for profile in new])
            self._met.add(graph.version)

    def _check_features(self, version: str) -> None:
        if not self._fits(version):
            needed = self._semantics.embedder.version
            raise InvalidArtifact(
                str(self._config.artifact), f"it was trained on query features {needed}, and is given {version}"
            )

    def _fits(self, version: str) -> bool:
        return version.partition("/")[0] == self._semantics.embedder.version

    def _worth(self, told: Evidence, cost_weight: float) -> float:
        dearness = (told["cost_usd"] - self._low) / max(self._high - self._low, _TINY)
        return told["quality"] - cost_weight * dearness


def _agents_by_node(graph: AgentGraph) -> dict[NodeId, AgentId]:
    return {node: graph.profile(node).id for node in graph.nodes if node not in graph.branches}


def _evidence(found: Predicted, scorer: GnnScorer, place: int | None) -> dict[str, float]:
    """Of an agent by its place; None: of the average one."""
    which = slice(None) if place is None else slice(place, place + 1)
    rows = {"quality": found.quality, "deviation": found.deviation, "cost_usd": found.cost}
    seen = 0.0 if place is None else float(scorer.memory.counts[place])
    return {**{name: float(row[0, which].mean()) for name, row in rows.items()}, "seen": seen}
