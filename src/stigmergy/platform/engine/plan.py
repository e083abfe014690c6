"""The route that a router would take if every call went well, each at its worst case. No agent is called."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stigmergy.domain import GOAL
from stigmergy.platform.engine.hops import HopChooser, HopView, RouterInService
from stigmergy.platform.episode.events import Cornered, HopChosen
from stigmergy.routers.base import QueryFeatures
from stigmergy.routers.selection import Greedy


@dataclass(frozen=True, slots=True)
class Plan:
    """The hops in order; the last one leads to GOAL, or is the impasse that was met."""

    features: QueryFeatures
    hops: tuple[HopChosen | Cornered, ...]
    trade_off: float | None = None


def plan_route(chooser: HopChooser, view: HopView, router: RouterInService) -> Plan:
    """Follow the best score from where ``view`` stands to GOAL."""
    best_first = replace(router, selection=Greedy(), selection_name="greedy (plan)")
    hops: list[HopChosen | Cornered] = []
    while True:
        hop = chooser.choose(view, best_first)
        hops.append(hop)
        if isinstance(hop, Cornered) or hop.node == GOAL:
            return Plan(view.features, tuple(hops), view.trade_off)
        spent = view.state.charged + view.graph.worst_case(hop.node)
        moved = replace(view.state, position=hop.node, route=(*view.state.route, hop.node), charged=spent)
        view = replace(view, state=moved)
