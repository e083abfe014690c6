"""The accounts of all tenants and keys, kept by one process for as long as it lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from stigmergy.domain import Budget
from stigmergy.errors import StoreError
from stigmergy.platform.budgets.accounts import Accounts, OwnAccounts
from stigmergy.platform.budgets.leased_accounts import LeasedAccounts
from stigmergy.platform.budgets.reclaiming import Reclaiming
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.clock import Clock
from stigmergy.platform.ports import Store

logger = logging.getLogger(__name__)


class SharedBudgets:
    """Renews what this process has leased, and takes back what dead ones had. Without shared limits it does nothing."""

    def __init__(self, limits: Mapping[str, Budget], store: Store, terms: SliceTerms, clock: Clock, owner: str) -> None:
        limited = {name: limit for name, limit in limits.items() if limit.limits_spend}
        self._leased = LeasedAccounts(store.budgets, limited, terms, clock, owner) if limited else None
        self._reclaiming = Reclaiming(store.budgets, store.journal)
        self._renew_s = terms.renew_s
        self._keeper: asyncio.Task[None] | None = None
        self.accounts: Accounts = self._leased or OwnAccounts()

    def start(self) -> None:
        """Begin to keep leases; call inside the event loop."""
        if self._leased is not None:
            self._keeper = asyncio.create_task(self._keep(self._leased), name="budget leases")

    async def aclose(self) -> None:
        """Settle everything and give the rest back; call when no task runs any more."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._leased is not None:
            try:
                await self._leased.aclose()
            except StoreError as error:
                logger.warning("leased budget was not given back; it is reclaimed when its lease ends: %s", error)

    async def _keep(self, leased: LeasedAccounts) -> None:
        while True:
            try:
                await leased.renew()
                await self._reclaiming.reclaim()
            except StoreError as error:
                logger.warning("leases on budgets wait for the store: %s", error)
            except Exception:  # a journal that proves nothing must not end the keeping of what is held
                logger.exception("a defect of the platform; leases on budgets are looked after again soon")
            await asyncio.sleep(self._renew_s)
