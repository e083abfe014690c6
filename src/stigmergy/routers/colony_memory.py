"""What a colony remembers in one process: adopted trails, and what was learnt here since."""

from __future__ import annotations

import threading

from stigmergy.graphs.deposit_rules import DepositRule, Walk
from stigmergy.graphs.pheromones import NO_TRAILS, Trails
from stigmergy.graphs.trail_delta import TrailDelta, merge


class ColonyMemory:
    """Trails that are read without a lock and replaced whole. Routers of one colony share one memory. Thread-safe."""

    def __init__(self, colony: str, trails: Trails = NO_TRAILS) -> None:
        self.colony = colony
        self._lock = threading.Lock()
        self._trails = trails
        self._pending: TrailDelta | None = None

    @property
    def trails(self) -> Trails:
        """The present view, frozen."""
        return self._trails

    def remember(self, rule: DepositRule, walk: Walk) -> None:
        """Deposit a walk by a rule: into the view at once, and into what ``collect`` hands over."""
        with self._lock:
            delta = rule.deposit(self._trails, walk)
            self._trails = self._trails.apply(delta)
            self._pending = delta if self._pending is None else merge(self._pending, delta)

    def collect(self) -> TrailDelta | None:
        """See ``TrailSharing.collect``."""
        with self._lock:
            pending, self._pending = self._pending, None
        return pending

    def adopt(self, trails: Trails) -> None:
        """See ``TrailSharing.adopt``."""
        with self._lock:
            self._trails = trails if self._pending is None else trails.apply(self._pending)
