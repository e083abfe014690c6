"""A hop with very many successors: what the mask, the retrieval and the router take."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Final

from stigmergy.bench.retrieval.corpus import Corpus
from stigmergy.domain import NOTHING, START, AgentProfile, Budget, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.overlay import Overlay
from stigmergy.graphs.weights import WeightModel
from stigmergy.routers.base import Candidate, QueryFeatures, RoutingState
from stigmergy.routers.dijkstra import DijkstraRouter
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.retrieval.config import RetrievalConfig
from stigmergy.routers.retrieval.shortlist import build_shortlist

_PRICE: Final = Price(per_call=Decimal("0.001"))
_BUDGET: Final = Budget(Decimal(1), 10**9, 10**6)
_QUERIES: Final = 40


def hop_ms(corpus: Corpus) -> Mapping[str, float]:
    """Median milliseconds of the parts of one hop from START to any agent of the corpus.

    ``mask``; ``retrieval`` among what the mask let through; ``router``: Dijkstra's scores of the 20 that are left;
    ``router of all``: of everybody, as it is without retrieval.
    """
    graph = _side_by_side(corpus)
    mask, router, reader = Mask(), DijkstraRouter(WeightModel()), FeatureReader(HashedNgrams())
    shortlist = build_shortlist(graph, RetrievalConfig())
    taken: dict[str, list[float]] = {"mask": [], "retrieval": [], "router": [], "router of all": []}
    for asked in corpus.asked[:_QUERIES]:
        query = reader.read(asked.query)
        begin = time.perf_counter()
        open_ways = mask.candidates(graph, START, spent=NOTHING, budget=_BUDGET, overlay=Overlay()).candidates
        masked = time.perf_counter()
        listed = shortlist.narrow(open_ways, asked.query).candidates
        narrowed = time.perf_counter()
        router.scores(_state(graph, query, listed))
        scored = time.perf_counter()
        router.scores(_state(graph, query, open_ways))
        times = (begin, masked, narrowed, scored, time.perf_counter())
        for name, (start, end) in zip(taken, pairwise(times), strict=True):
            taken[name].append((end - start) * 1000)
    return {name: median(each) for name, each in taken.items()}


def _side_by_side(corpus: Corpus) -> AgentGraph:
    profiles = {
        card.agent: AgentProfile(
            id=card.agent, description=card.description, body=card.body, price=_PRICE, caps=TokenCaps(100, 100, 1)
        )
        for card in corpus.cards
    }
    return AgentGraph("wide", GraphSpec(stages=(tuple(profiles),)), profiles)


def _state(graph: AgentGraph, query: QueryFeatures, candidates: Sequence[Candidate]) -> RoutingState:
    return RoutingState(query=query, graph=graph, position=START, candidates=tuple(candidates), budget=_BUDGET)
