"""Shadows score what was decided, beside the serving path, and what they would have done is kept."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from stigmergy.domain import NodeId
from stigmergy.errors import StoreUnavailable
from stigmergy.platform.engine import RouterInService
from stigmergy.platform.engine.hops import routing_state
from stigmergy.platform.engine.policies import Decided
from stigmergy.platform.policy_records import Shadowed
from stigmergy.platform.ports import PolicyStore
from stigmergy.routers.base import Candidate
from stigmergy.routers.feasibility import agent_at

logger = logging.getLogger(__name__)

_MOST_WAITING: Final = 10_000
_AT_ONCE: Final = 256
_TRY_AGAIN_S: Final = 0.5
_Waiting: TypeAlias = tuple[str, RouterInService, Decided]


def would_do(shadow: RouterInService, decided: Decided) -> Mapping[NodeId, float]:
    """The probabilities with which a router would have taken each of the candidates of a hop.

    It weighs money as the task asks, or as it is configured itself: never as the router that decided.
    """
    graph = decided.view.graph
    candidates = tuple(
        Candidate(option.node, agent_at(graph, option.node), option.worst_case, option.cost_to_go)
        for option in decided.hop.options
    )
    trade_off = shadow.trade_off if decided.trade_off is None else decided.trade_off
    scores = shadow.router.scores(routing_state(replace(decided.view, trade_off=trade_off), candidates))
    probabilities = shadow.selection.probabilities(scores.values)
    return dict(zip((candidate.node for candidate in candidates), probabilities, strict=True))


class Shadowing:
    """A bounded queue of hops to be scored, worked off in a thread; what finds no room in it is counted and left out.

    Counts per policy, in ``counts``: hops scored, those where its likeliest node was taken, those lost.
    """

    def __init__(self, store: PolicyStore, counts: Counter[str]) -> None:
        self._store = store
        self._counts = counts
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; call inside the event loop."""
        self._worker = asyncio.create_task(self._work(), name="shadowing")

    def take(self, policy: str, shadow: RouterInService, decided: Decided) -> None:
        """Have a hop scored by the policy of this name. Never waits."""
        if len(self._waiting) >= _MOST_WAITING:
            self._count("lost", policy)
            return
        self._waiting.append((policy, shadow, decided))
        self._idle.clear()
        self._wake.set()

    async def drain(self) -> None:
        """Wait until everything taken so far is kept."""
        await self._idle.wait()

    async def aclose(self) -> None:
        """Work off what waits, then stop."""
        if self._worker is not None:
            await self.drain()
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                noted = await asyncio.to_thread(_scored, batch)
                self._tally(batch, noted)
                await self._keep([each for each in noted if each is not None])
            self._idle.set()

    def _tally(self, batch: Sequence[_Waiting], noted: Sequence[Shadowed | None]) -> None:
        for (policy, _, decided), each in zip(batch, noted, strict=True):
            if each is None:
                self._count("lost", policy)
                continue
            self._count("scored", policy)
            likeliest = max(each.probabilities, key=each.probabilities.__getitem__)
            if likeliest == decided.hop.node:
                self._count("agreed", policy)

    def _count(self, what: str, policy: str) -> None:
        self._counts[f'shadow_hops_{what}_total{{policy="{policy}"}}'] += 1

    async def _keep(self, noted: Sequence[Shadowed]) -> None:
        while True:
            try:
                await self._store.note_shadows(noted)
            except StoreUnavailable as error:
                logger.warning("%d hops of shadows wait for the store: %s", len(noted), error)
                await asyncio.sleep(_TRY_AGAIN_S)
            else:
                return


def _scored(batch: Sequence[_Waiting]) -> list[Shadowed | None]:
    return [_noted(*each) for each in batch]


def _noted(policy: str, shadow: RouterInService, decided: Decided) -> Shadowed | None:
    try:
        return Shadowed(decided.episode_id, decided.seq, policy, would_do(shadow, decided))
    except Exception:  # a router is a plug-in: what it cannot score must not end the scoring
        logger.exception("%s could not score hop %d of episode %s", policy, decided.seq, decided.episode_id)
        return None
