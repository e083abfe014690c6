"""The next hop by what its agent is expected to be worth on the query, and to cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stigmergy.domain import GOAL, AgentId
from stigmergy.routers.base import Candidate, Evidence, QueryFeatures, RoutingState, Scores
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.estimators.artifact import ArmArtifact
from stigmergy.routers.recent import Recent

_QUERIES: Final = 1024


@dataclass(frozen=True, slots=True)
class _Worth:
    """Expected quality, and cost in units of the best single arm's mean cost."""

    quality: float
    cost: float
    known: bool = True


class EstimatorRouter(FixedRule):
    """Scores ``quality - price x cost / unit`` of the agent that a hop leads to; learns nothing while it serves.

    An agent that the artifact does not know, and a node that is no agent, is taken for the mean of the arms that it
    does know on this very query: it is tried where most of them are expected to fail. GOAL is worth the agent that
    answered last, for nothing; 0 before anybody did. Implements ``Router`` and ``TradesOff``.

    Args:
        artifact: trained.
        price: what spending the best single arm's mean cost (``unit``) once is worth in quality, at least 0; a task may
            set its own.
    """

    def __init__(self, artifact: ArmArtifact, *, price: float) -> None:
        self.version: Final = artifact.version
        self._model = artifact.model
        self.trade_off: Final = price
        self._found: Recent[tuple[str, str], dict[AgentId, _Worth]] = Recent(_QUERIES)

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``. Evidence: quality, cost (in units), known (1 where the artifact knows the agent)."""
        price = self.trade_off if state.trade_off is None else state.trade_off
        worth = [self._of(candidate, state) for candidate in state.candidates]
        return Scores(tuple(each.quality - price * each.cost for each in worth), tuple(map(_evidence, worth)))

    def _of(self, candidate: Candidate, state: RoutingState) -> _Worth:
        arms = self._arms(state.query)
        if candidate.node != GOAL:
            return arms.get(candidate.agent, arms[""])
        if not state.visited:
            return _Worth(0.0, 0.0)
        last = state.visited[-1]
        agent = "" if last in state.graph.branches else state.graph.profile(last).id
        reached = arms.get(agent, arms[""])
        return _Worth(reached.quality, 0.0, reached.known)

    def _arms(self, query: QueryFeatures) -> dict[AgentId, _Worth]:
        """The arms of the artifact, and under "" what stands for every other agent."""
        task_type = max(query.mixture, key=query.mixture.__getitem__)
        return self._found.get((query.text, task_type), lambda: self._predict(query.text, task_type))

    def _predict(self, text: str, task_type: str) -> dict[AgentId, _Worth]:
        found = self._model.predict(text, task_type)
        quality, cost = found.quality[0], found.cost[0] / self._model.unit_usd
        known = {arm: _Worth(float(q), float(c)) for arm, q, c in zip(self._model.arms, quality, cost, strict=True)}
        return {**known, "": _Worth(float(quality.mean()), float(cost.mean()), known=False)}


def _evidence(worth: _Worth) -> Evidence:
    return {"quality": worth.quality, "cost": worth.cost, "known": float(worth.known)}
