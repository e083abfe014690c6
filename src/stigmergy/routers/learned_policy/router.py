"""The next hop by a trained policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.base import Evidence, RoutingState, Scores, Vector
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.learned_policy.artifact import LearnedPolicy
from stigmergy.routers.learned_policy.network import log_shares
from stigmergy.routers.learned_policy.sight import sight_of
from stigmergy.routers.observation import Floats, encode
from stigmergy.routers.recent import Recent
from stigmergy.routers.situation import actions_of, situation_of

_QUERIES: Final = 1024


class PolicyRouter(FixedRule):
    """Scores hops by the log-probability, or the value, that a policy gives them; learns nothing while it serves.

    Budgets are kept by the mask, here as in training. A node that the policy never had a choice about, which is GOAL
    where nothing else leads on, scores 0. Implements ``Router``.

    Args:
        policy: trained for the graph that it is to decide on; see ``admit``.
    """

    def __init__(self, policy: LearnedPolicy) -> None:
        self.version: Final = policy.version
        self.policy: Final = policy
        self._places = {node: place for place, node in enumerate(policy.spec.actions)}
        self._sight = sight_of(policy.semantics)
        self._known: Recent[tuple[str, str], Vector] = Recent(_QUERIES)

    def admit(self, graph: AgentGraph, _: str = "") -> None:
        """Refuse a graph that the policy was not trained for; features of the platform do not matter, it has its own.

        Raises:
            UnfitPolicy: names what differs, with both values.
        """
        self.policy.spec.check(graph.version, actions_of(graph), self.policy.semantics.version)

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``. Evidence: probability, or value; known is 0 for a node without a choice.

        Raises:
            UnfitPolicy: the state is of another graph.
        """
        if state.graph.version != self.policy.spec.graph:
            self.admit(state.graph)
        row = self._row(state)
        found = [self._places.get(candidate.node) for candidate in state.candidates]
        values = tuple(0.0 if place is None else float(row[place]) for place in found)
        evidence = tuple(self._evidence(value, place) for value, place in zip(values, found, strict=True))
        return Scores(values, evidence)

    def _row(self, state: RoutingState) -> Floats:
        """One number per action of the spec."""
        query, spec = state.query, self.policy.spec
        task = max(query.mixture, key=query.mixture.__getitem__, default="")
        known = self._known.get((query.text, task), lambda: self._sight.known(query.text, query.mixture))
        plain = situation_of(spec, state, known)
        situation = replace(plain, features=self._sight.features(known, plain.feasible))
        outputs = self.policy.network.outputs(encode(spec, situation), spec.mask)
        made = log_shares(outputs, situation.feasible) if self.policy.outputs == "logits" else outputs
        return np.asarray(made[0])

    def _evidence(self, value: float, place: int | None) -> Evidence:
        known = {"known": float(place is not None)}
        if self.policy.outputs == "logits":
            return {"probability": float(np.exp(value)), **known}
        return {"value": value, **known}
