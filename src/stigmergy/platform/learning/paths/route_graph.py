"""The graph whose routes a log holds, with what its calls cost as prices."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Final

import numpy as np

from stigmergy.domain import GOAL, NANO, START, AgentProfile, NodeId, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.paths.branches import AT_START
from stigmergy.platform.learning.paths.route_log import RouteLog

NAME: Final = "routes"


def route_graph(log: RouteLog) -> AgentGraph:
    """Every hop that any query's tree has; an agent of its own at each node.

    A node's price is the mean cost of its steps on the train split, its latency and tokens likewise (over the whole log
    where train has none of it). No budget is set in a replay, so these figures rank hops and refuse none.

    Raises:
        CycleFound: the log goes round in circles.
    """
    branches = log.branches
    above = np.where(branches.parent == AT_START, -1, branches.node[branches.parent])
    edges: defaultdict[NodeId, set[NodeId]] = defaultdict(set)
    for source, target in np.unique(np.stack((above, branches.node)), axis=1).T.tolist():
        edges[START if source < 0 else log.nodes[source]].add(log.nodes[target])
    for place in np.unique(branches.node[branches.failed]).tolist():
        edges[log.nodes[place]].add(GOAL)  # an agent that failed wherever it was logged may be asked all the same
    profiles = {node: _profile(log, place) for place, node in enumerate(log.nodes) if node in edges}
    spec = GraphSpec(edges={source: tuple(sorted(targets)) for source, targets in edges.items()})
    return AgentGraph(NAME, spec, profiles)


def _profile(log: RouteLog, place: int) -> AgentProfile:
    branches = log.branches
    here = branches.node == place
    known = here & log.rows_of(TRAIN)[branches.query]
    rows = np.flatnonzero(known if known.any() else here)
    runs = branches.runs[rows]
    cost, latency, tokens = (
        float(np.average(values[rows], weights=runs)) for values in (branches.cost, branches.latency, branches.tokens)
    )
    return AgentProfile(
        id=log.nodes[place],
        price=Price(per_call=Decimal(cost).quantize(NANO)),
        caps=TokenCaps(max_input_tokens=round(tokens), max_output_tokens=0),
        expected_latency_s=latency,
    )
