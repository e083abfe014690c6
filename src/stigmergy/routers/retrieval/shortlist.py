"""The step between mask and router: of many feasible hops, those whose agents the query is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from stigmergy.domain import NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.base import Candidate, Evidence, Outcome
from stigmergy.routers.retrieval.agent_index import AgentIndex, Found
from stigmergy.routers.retrieval.cards import card_of
from stigmergy.routers.retrieval.config import RetrievalConfig
from stigmergy.routers.retrieval.meanings import embedder_for


@dataclass(frozen=True, slots=True)
class Shortlisted:
    """The candidates that are left, in the order of the mask, and what retrieval found of each."""

    candidates: tuple[Candidate, ...]
    evidence: Mapping[NodeId, Evidence] = field(default_factory=dict)


def everyone(candidates: tuple[Candidate, ...]) -> Shortlisted:
    """Nobody is left out, nothing was looked up."""
    return Shortlisted(candidates)


class Shortlist:
    """Leaves the ``k`` candidates whose agents' cards fit the query best. It never adds one.

    GOAL, fan-outs and panels have no card: they stay, and do not count. Where there are at most ``k`` agents nothing is
    looked up.

    Args:
        index: over the agents of the graph.
        k: how many agents are left, at least 1.
    """

    def __init__(self, index: AgentIndex, k: int) -> None:
        self.index: Final = index
        self._k = k

    def narrow(self, candidates: tuple[Candidate, ...], query: str) -> Shortlisted:
        """Those that are left for the router. Evidence: ``retrieval_rank`` from 1, and what it comes from."""
        agents = [candidate.agent for candidate in candidates]
        known = self.index.has(agents)
        if np.count_nonzero(known) <= self._k:
            return everyone(candidates)
        found = self.index.search(query, self._k, agents)
        ranks = {each.agent: rank for rank, each in enumerate(found, 1)}
        best = sorted((ranks[agent], place) for place, agent in enumerate(agents) if agent in ranks)[: self._k]
        evidence = {candidates[place].node: _evidence(rank, found[rank - 1]) for rank, place in best}
        stay = sorted((*(place for _, place in best), *np.flatnonzero(~known).tolist()))
        return Shortlisted(tuple(candidates[place] for place in stay), evidence)

    def learn(self, outcome: Outcome) -> None:
        """Note what came of the work of each agent; later searches go by it.

        A step is worth the next stage's verdict of it, else the quality of the episode; nothing where its agent did not
        answer. Steps that nobody judged count nothing.
        """
        for step in outcome.steps:
            judged = outcome.quality if step.judgement is None else step.judgement
            if not step.answered:
                judged = 0.0
            if judged is not None and step.agent in self.index:
                self.index.record.note(step.agent, judged)


def build_shortlist(graph: AgentGraph, config: RetrievalConfig) -> Shortlist:
    """The shortlist of a graph and of every branch in it.

    Raises:
        MissingExtra: it names a model, but sentence-transformers is not installed.
    """
    cards = [card_of(profile) for profile in graph.profiles]
    embedder = embedder_for([card.text for card in cards], config.model)
    return Shortlist(AgentIndex(cards, embedder, pool=config.pool), config.k)


def _evidence(rank: int, found: Found) -> Evidence:
    return {"retrieval_rank": float(rank), **{f"retrieval_{name}": value for name, value in found.evidence().items()}}
