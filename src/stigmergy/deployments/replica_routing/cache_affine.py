"""Serve's request router that keeps prefixes together: the thin side of ``affinity``."""

from __future__ import annotations

import random
from typing import Any

from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica
from ray.util.metrics import Counter

from stigmergy.deployments.replica_routing.affinity import Spill, candidates, choose
from stigmergy.deployments.replica_routing.prompts import asked_messages, prefix_of


class CacheAffineRouter(RequestRouter):
    """Every handle of a model's deployment has one; loads are what the handle's process knows of the replicas' queues.

    Ray exports ``stigmergy_replica_requests_total``: requests by ``way``, ``affine`` (to one of the two replicas of
    their prefix) or ``spilled``.
    """

    def initialize_state(
        self, prefix_messages: int, prefix_chars: int, slo_load: int, above_mean: float, **_: Any
    ) -> None:
        """Serve passes the keyword arguments of ``request_router``."""
        self._prefix_messages, self._prefix_chars = prefix_messages, prefix_chars
        self._spill = Spill(slo_load, above_mean)
        self._rng = random.Random()
        self._ways = Counter(
            "stigmergy_replica_requests_total",
            "Requests to replicas of a model, by whether their prefix belongs there",
            tag_keys=("deployment", "way"),
        ).set_default_tags({"deployment": self._deployment_id.name})

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """The chosen one; then, where that is full and refuses, the others, the least loaded of which Serve takes."""
        if pending_request is not None:
            # Otherwise Serve would ask again without a pause while all are full.
            pending_request.routing_context.should_backoff = True
        prefix = self._prefix(pending_request)
        if not prefix:
            return [candidate_replicas]
        named = {_name(each.replica_id): each for each in candidate_replicas}
        loads = {name: self.replica_queue_len_cache.get(each.replica_id) or 0 for name, each in named.items()}
        chosen = named[choose(prefix, loads, self._spill, self._rng).replica]
        return [[chosen], [each for each in candidate_replicas if each is not chosen]]

    def on_request_routed(self, pending_request: PendingRequest, replica_id: ReplicaID, result: object) -> None:
        """Count where it went in the end, which is not where it was to go when that one was full."""
        del result
        prefix = self._prefix(pending_request)
        if prefix:
            home = _name(replica_id) in candidates(prefix, map(_name, self.curr_replicas))
            self._ways.inc(tags={"way": "affine" if home else "spilled"})

    def _prefix(self, pending_request: PendingRequest | None) -> str:
        asked = asked_messages(pending_request.args) if pending_request is not None else ()
        return prefix_of(asked, self._prefix_messages, self._prefix_chars)


def _name(replica_id: ReplicaID) -> str:
    """The same in every process, so that all gateways agree."""
    return replica_id.unique_id
