"""Baselines by price: the two boundary policies, and the dearest next hop. None of them learns.

Scores are in units of the span between the graph's cheapest and dearest route, so that they, and a softmax over them,
do not depend on the currency.
"""

from __future__ import annotations

from stigmergy.routers.base import RoutingState, Scores
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.price_range import PriceRanges


class CheapestRouter(FixedRule):
    """The always-small boundary: minus the worst-case price of the cheapest feasible route over the candidate."""

    def __init__(self) -> None:
        self._prices = PriceRanges()

    def scores(self, state: RoutingState) -> Scores:
        """``-(worst_case + min over completions) / span`` per candidate."""
        prices = self._prices.of(state.graph)
        values, evidence = [], []
        for candidate in state.candidates:
            usd = candidate.worst_case.usd + min(rest.usd for rest in candidate.cost_to_go)
            values.append(-prices.in_spans(usd))
            evidence.append({"least_route_usd": float(usd)})
        return Scores(tuple(values), tuple(evidence))


class DearestRouter(FixedRule):
    """The always-large boundary: the price of the dearest route over the candidate, round agents that are down.

    The mask still decides: where the dearest route does not fit the budget, the episode takes the dearest hop that
    leaves a completion.
    """

    def __init__(self) -> None:
        self._prices = PriceRanges()

    def scores(self, state: RoutingState) -> Scores:
        """``(price + greatest price to GOAL) / span`` per candidate."""
        prices = self._prices.of(state.graph)
        ahead = self._prices.dearest_ahead(state.graph, state.overlay.down)
        # Nothing lies ahead only if health changed since the mask looked.
        shares = [prices.shares.get(c.node, 0.0) + max(0.0, ahead[c.node]) for c in state.candidates]
        unit = float(prices.unit_usd)
        return Scores(
            tuple(share / prices.span for share in shares), tuple({"dearest_route_usd": s * unit} for s in shares)
        )


class FirstLargeRouter(FixedRule):
    """The dearest feasible next hop, whatever comes after it."""

    def __init__(self) -> None:
        self._prices = PriceRanges()

    def scores(self, state: RoutingState) -> Scores:
        """``worst_case / span`` per candidate."""
        prices = self._prices.of(state.graph)
        hops = [candidate.worst_case.usd for candidate in state.candidates]
        return Scores(tuple(map(prices.in_spans, hops)), tuple({"worst_case_usd": float(usd)} for usd in hops))
