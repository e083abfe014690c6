"""How routers of one colony, in many processes, come to share their trails."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta


@runtime_checkable
class TrailSharing(Protocol):
    """A router whose learning travels as deltas.

    A coordinator's round, with or without other processes, is::

    delta = router.collect()
    trails = router.ticked(trails if delta is None else trails.apply(delta))
    router.adopt(trails)
    """

    @property
    def colony(self) -> str:
        """The name under which trails are shared."""
        ...

    @property
    def trails(self) -> Trails:
        """The view that hops are scored with: what was adopted last, and what was learnt here since."""
        ...

    def meet(self, graph: AgentGraph) -> None:
        """Take note of a graph's prices. Outcomes on a graph that the router never met cannot be learnt from."""
        ...

    def collect(self) -> TrailDelta | None:
        """Hand over what was learnt since the last call, once; None when there is nothing."""
        ...

    def adopt(self, trails: Trails) -> None:
        """Score with these trails from now on, plus whatever is learnt here and not yet collected."""
        ...

    def ticked(self, trails: Trails) -> Trails:
        """One tick of upkeep: evaporation, then clamping to this colony's bounds."""
        ...
