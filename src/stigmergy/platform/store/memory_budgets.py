"""Budgets in this process's memory: with one process there is nobody to share with, and the same rules hold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stigmergy.domain import NOTHING, EpisodeId, Spend
from stigmergy.errors import LeaseLost
from stigmergy.platform.records import Draw, Holding, Lapsed, Proof, Standing
from stigmergy.platform.store.shares import slice_of, written_off


@dataclass(slots=True)
class _Holder:
    expires_at: float
    holdings: dict[str, Holding] = field(default_factory=dict)
    episodes: set[tuple[EpisodeId, str]] = field(default_factory=set)


class MemoryBudgets:
    """Implements ``ports.BudgetStore``."""

    def __init__(self) -> None:
        self._accounts: dict[str, Standing] = {}
        self._holders: dict[str, _Holder] = {}

    async def begin(self, holder: str, lease_s: float) -> None:
        """See ``ports.BudgetStore``."""
        self._holders[holder] = _Holder(time.monotonic() + lease_s)

    async def draw(self, holder: str, draw: Draw) -> Spend:
        """See ``ports.BudgetStore``."""
        holdings = self._holder(holder).holdings
        got = slice_of(draw, await self.standing(draw.account))
        held = holdings.get(draw.account, Holding(draw.account, NOTHING))
        holdings[draw.account] = replace(held, granted=held.granted + got)
        return got

    async def enrol(self, holder: str, episode_id: EpisodeId, accounts: Sequence[str]) -> None:
        """See ``ports.BudgetStore``."""
        self._holder(holder).episodes.update((episode_id, account) for account in accounts)

    async def renew(
        self, holder: str, lease_s: float, holdings: Sequence[Holding], settled: Sequence[EpisodeId]
    ) -> None:
        """See ``ports.BudgetStore``."""
        known = self._holder(holder)
        known.expires_at = time.monotonic() + lease_s
        for holding in holdings:
            before = known.holdings.get(holding.account, Holding(holding.account, NOTHING))
            self._book(holding.account, holding.settled - before.settled)
            known.holdings[holding.account] = holding
        known.episodes = {each for each in known.episodes if each[0] not in settled}

    async def leave(self, holder: str, holdings: Sequence[Holding]) -> None:
        """See ``ports.BudgetStore``."""
        if holder in self._holders:
            await self.renew(holder, 0.0, holdings, ())
            del self._holders[holder]

    async def lapsed(self) -> tuple[Lapsed, ...]:
        """See ``ports.BudgetStore``."""
        now = time.monotonic()
        return tuple(
            Lapsed(name, tuple(each.holdings.values()), tuple(sorted(each.episodes)))
            for name, each in self._holders.items()
            if each.expires_at <= now
        )

    async def reclaim(self, holder: str, proofs: Sequence[Proof]) -> bool:
        """See ``ports.BudgetStore``."""
        known = self._holders.get(holder)
        if known is None or known.expires_at > time.monotonic():
            return False
        for proof in proofs:
            holding = known.holdings.get(proof.account, Holding(proof.account, NOTHING))
            self._book(proof.account, proof.spent, written_off(holding, proof))
        del self._holders[holder]
        return True

    async def standing(self, account: str) -> Standing:
        """See ``ports.BudgetStore``."""
        held = [each.holdings[account] for each in self._holders.values() if account in each.holdings]
        leased = sum((each.granted - each.settled for each in held), NOTHING)
        return replace(self._accounts.get(account, Standing()), leased=leased)

    def _book(self, account: str, spent: Spend, lost: Spend = NOTHING) -> None:
        known = self._accounts.get(account, Standing())
        self._accounts[account] = Standing(known.spent + spent, known.written_off + lost)

    def _holder(self, holder: str) -> _Holder:
        try:
            return self._holders[holder]
        except KeyError:
            raise LeaseLost(holder) from None
