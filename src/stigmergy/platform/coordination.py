"""What all replicas share: trails and health. Reports of deltas come in, whole snapshots go out. No I/O here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from stigmergy.domain import AgentId
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.platform.health import CallSample, HealthBoard
from stigmergy.routers.trail_sharing import TrailSharing


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one gateway has seen since its last report. ``seq`` counts its reports, so that none is taken twice."""

    gateway: str
    seq: int
    calls: tuple[CallSample, ...] = ()
    deltas: Mapping[str, TrailDelta] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every gateway should know: which agents are down, and the trails of every colony."""

    version: int
    down: frozenset[AgentId]
    trails: Mapping[str, Trails]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a coordinator has to know to go on: JSON, and the last report in it per gateway."""

    document: str
    taken: Mapping[str, int]


class Coordination:
    """The authoritative trails and health. Deltas add, so the order in which replicas report does not matter."""

    def __init__(self, health: HealthBoard, colonies: Mapping[str, TrailSharing], tick_episodes: int) -> None:
        self._health = health
        self._colonies = colonies
        self._tick_episodes = tick_episodes
        self._trails = {name: colony.trails for name, colony in colonies.items()}
        self._taken: dict[str, int] = {}
        self._snapshot = Snapshot(0, frozenset(), dict(self._trails))
        self.counts: Counter[str] = Counter()

    def take(self, report: Report) -> None:
        """Add a report in; one that was taken before changes nothing."""
        if report.seq <= self._taken.get(report.gateway, -1):
            return
        self._taken[report.gateway] = report.seq
        for sample in report.calls:
            self._health.observe(sample)
        for colony, delta in report.deltas.items():
            if colony in self._trails:
                self._learn(colony, delta)
        self.counts.update(report.counts)

    def _learn(self, colony: str, delta: TrailDelta) -> None:
        """Add a delta; after every ``tick_episodes`` episodes comes a tick, the only time at which trails weaken."""
        before = self._trails[colony]
        after = before.apply(delta)
        for _ in range(after.total.episodes // self._tick_episodes - before.total.episodes // self._tick_episodes):
            after = self._colonies[colony].ticked(after)
        self._trails[colony] = after

    def snapshot(self) -> Snapshot:
        """What is known now; its version moves when, and only when, something changed."""
        down = self._health.overlay().down
        last = self._snapshot
        if down != last.down or any(self._trails[c].version != last.trails[c].version for c in self._trails):
            self._snapshot = Snapshot(last.version + 1, down, dict(self._trails))
        return self._snapshot

    def checkpoint(self) -> Checkpoint:
        """Trails, counts, and which reports are in them."""
        trails = {name: trails.to_dict() for name, trails in self._trails.items()}
        document = json.dumps({"trails": trails, "taken": self._taken, "counts": self.counts})
        return Checkpoint(document, dict(self._taken))

    def restore(self, document: str) -> None:
        """Go on from a checkpoint; colonies that are no longer configured are left out.

        A colony that is configured to begin from another artifact than the checkpoint did begins from that one.
        """
        stored = json.loads(document)
        for colony, written in stored["trails"].items():
            trails = Trails.from_dict(written)
            if colony in self._trails and self._trails[colony].origin in ("", trails.origin):
                self._trails[colony] = trails
        self._taken = dict(stored["taken"])
        self.counts = Counter(stored["counts"])
