"""Linear bandits as a router: LinUCB and Thompson sampling over the features of the query."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from decimal import Decimal
from threading import Lock
from typing import Final

from stigmergy.domain import GOAL, ZERO, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.bandit.artifact import BanditArtifact, check_features
from stigmergy.routers.bandit.beliefs import Estimate
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.learner import LearningRules, LinearLearner
from stigmergy.routers.bandit.rewards import net_reward
from stigmergy.routers.bandit.rules import ExplorationRule
from stigmergy.routers.bandit.statistics import NOTHING_SEEN, Statistics
from stigmergy.routers.base import Evidence, Outcome, RoutingState, Scores, StepOutcome
from stigmergy.routers.credit import judged_steps
from stigmergy.routers.price_range import PriceRanges

_STOP: Final = "GOAL after "


class BanditRouter:
    """Scores hops by the expected reward of the agent that they lead to; learns from every judged episode.

    An arm is an agent, wherever it stands; a fan-out is an arm of its own, and so is stopping after an agent. The
    reward of a step is its own quality net of what was spent from it on (``rewards.net_reward``), stopping costs
    nothing. A call that failed is no step and no reward, and a hop that was forced teaches nothing. Outcomes are not
    weighted by their chance of being judged: it is not they that decide it, and one outcome is not twenty. Implements
    ``Router``. Thread-safe.

    Args:
        shape: how queries are read; an artifact brings its own.
        rules: how it learns.
        exploration: how it scores.
        cost_weight: what going from the cheapest to the dearest choice is worth in quality, at least 0.
        artifact: what it begins with; its span of cost is then the unit, else that of the graph's prices.
    """

    def __init__(
        self,
        shape: ContextShape,
        rules: LearningRules,
        exploration: ExplorationRule,
        *,
        cost_weight: float,
        artifact: BanditArtifact | None = None,
    ) -> None:
        self._shape = shape if artifact is None else artifact.shape
        self._learner = LinearLearner(self._shape.dims, rules, NOTHING_SEEN if artifact is None else artifact.seen)
        self._beliefs = self._learner.beliefs
        self._exploration = exploration
        self._cost_weight = cost_weight
        self._artifact = artifact
        self._graphs: dict[str, AgentGraph] = {}
        self._prices = PriceRanges()
        self._lock = Lock()

    @property
    def statistics(self) -> Statistics:
        """What was learnt, the artifact's part included; those of several processes can be merged."""
        with self._lock:
            return self._learner.statistics

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``. Evidence: expected reward, deviation, seen (outcomes of the arm, discounted).

        Raises:
            InvalidArtifact: it was trained on other query features.
        """
        check_features(self._artifact, state.query.version)
        self._graphs[state.graph.name] = state.graph
        arms = [candidate.agent or _arm_without_agent(state, candidate.node) for candidate in state.candidates]
        context = self._shape.read(state.query)
        found = self._beliefs.estimate(context, arms)
        values = self._exploration.scores(found, zlib.crc32(context.tobytes()))
        return Scores(tuple(values.tolist()), _evidence(found))

    def learn(self, outcome: Outcome) -> None:
        """Take a judged episode in. Without features, or on a graph never met, it teaches nothing."""
        graph = self._graphs.get(outcome.graph)
        if graph is None or outcome.quality is None or outcome.features is None:
            return
        context = self._shape.read(outcome.features)
        with self._lock:
            for arm, reward in self._rewards(outcome, outcome.quality, graph):
                self._learner.observe(arm, context, reward)
            self._beliefs = self._learner.beliefs

    def _rewards(self, outcome: Outcome, quality: float, graph: AgentGraph) -> Iterator[tuple[str, float]]:
        spent, ahead = ZERO, {}
        for step in reversed(outcome.steps):
            spent += step.usage.usd
            ahead[step.node] = self._in_spans(spent, graph)
        for step, judged in judged_steps(outcome, quality):
            if step.decided_by_router:
                well = quality if judged is None else judged
                yield step.agent or _own(graph, step.node), self._net(well, ahead[step.node])
        if outcome.steps and not outcome.infrastructure_failures and _chose_to_stop(outcome.steps[-1], graph):
            yield _STOP + (outcome.steps[-1].agent or _own(graph, outcome.steps[-1].node)), self._net(quality, 0.0)

    def _net(self, quality: float, cost: float) -> float:
        return float(net_reward(quality, cost, self._cost_weight))

    def _in_spans(self, usd: Decimal, graph: AgentGraph) -> float:
        if self._artifact is not None:
            return float(usd) / self._artifact.span_usd
        return self._prices.of(graph).in_spans(usd)


def _chose_to_stop(last: StepOutcome, graph: AgentGraph) -> bool:
    """Whether there was another way than GOAL after the last step."""
    return last.decided_by_router and last.node in graph.nodes and len(graph.successors(last.node)) > 1


def _arm_without_agent(state: RoutingState, node: NodeId) -> str:
    if node != GOAL:
        return _own(state.graph, node)
    if not state.visited:
        return GOAL
    last = state.visited[-1]
    return _STOP + (_own(state.graph, last) if last in state.graph.branches else state.graph.profile(last).id)


def _own(graph: AgentGraph, node: NodeId) -> str:
    """The name of a fan-out as an arm: it has no agent, and another graph's is another."""
    return f"{graph.name}/{node}"


def _evidence(found: Estimate) -> tuple[Evidence, ...]:
    rows = zip(found.mean.tolist(), found.deviation.tolist(), found.seen.tolist(), strict=True)
    return tuple([{"reward": reward, "deviation": deviation, "seen": seen} for reward, deviation, seen in rows])
