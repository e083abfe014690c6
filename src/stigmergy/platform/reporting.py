"""The gateway's side of coordination: what to report, and how a snapshot is taken over."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from stigmergy.graphs.trail_delta import TrailDelta, merge
from stigmergy.platform.coordination import Report, Snapshot
from stigmergy.platform.health import HealthBoard
from stigmergy.routers.trail_sharing import TrailSharing

_MOST_UNKEPT = 10_000


class Reporter:
    """Gathers what this gateway has seen and swaps in whole snapshots.

    A report is kept here until the coordinator has it in a checkpoint, so that a coordinator that dies loses nothing:
    its heir is told again, and takes no report twice.
    """

    def __init__(self, gateway: str, health: HealthBoard, routers: Iterable[TrailSharing]) -> None:
        self._gateway = gateway
        self._health = health
        self._routers = tuple(routers)
        self._seq = 0
        self._unkept: deque[Report] = deque(maxlen=_MOST_UNKEPT)
        self.counts: Counter[str] = Counter()

    def report(self) -> Report | None:
        """What is new since the last call; None when there is nothing."""
        calls, deltas, counts = self._health.collect(), self._deltas(), dict(self.counts)
        self.counts.clear()
        if not (calls or deltas or counts):
            return None
        self._seq += 1
        fresh = Report(gateway=self._gateway, seq=self._seq, calls=calls, deltas=deltas, counts=counts)
        self._unkept.append(fresh)
        return fresh

    def kept(self, seq: int) -> None:
        """Reports up to this number are in a checkpoint: nobody will ask for them again."""
        while self._unkept and self._unkept[0].seq <= seq:
            self._unkept.popleft()

    def unkept(self) -> tuple[Report, ...]:
        """The reports that a new coordinator has to be told again, oldest first."""
        return tuple(self._unkept)

    def adopt(self, snapshot: Snapshot) -> None:
        """Take over what all replicas know. Nothing that was learnt here and not yet reported is lost."""
        self._health.adopt(snapshot.down)
        for router in self._routers:
            trails = snapshot.trails.get(router.colony)
            if trails is not None:
                router.adopt(trails)

    def _deltas(self) -> dict[str, TrailDelta]:
        deltas: dict[str, TrailDelta] = {}
        for router in self._routers:
            delta = router.collect()
            if delta is not None:
                known = deltas.get(router.colony)
                deltas[router.colony] = delta if known is None else merge(known, delta)
        return deltas
