"""Accounts of tenants and keys that all gateways of a cluster share, held to exactly by leased slices.

A reservation needs no round trip while the process has enough of the slice left; a new one is drawn beside the path
when it runs low, and on it, before anything is refused, when it does not suffice.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from stigmergy.domain import Budget, EpisodeId, Spend, Task
from stigmergy.errors import BudgetExhausted, BudgetRefused, BudgetTooSmall, LeaseLost, StoreError
from stigmergy.platform.budgets.accounts import Check, OwnAccount, TaskAccount, account_name
from stigmergy.platform.budgets.slices import Slices, SliceTerms
from stigmergy.platform.clock import Clock
from stigmergy.platform.ports import BudgetStore
from stigmergy.platform.records import Draw

logger = logging.getLogger(__name__)


def tenant_account(tenant: str) -> str:
    """The name of a tenant's account."""
    return f"tenant {tenant}"


def key_account(tenant: str, key: str) -> str:
    """The name of a key's account."""
    return f"key {tenant}/{key}"


@dataclass(slots=True)
class _Tenure:
    """One holder's time. ``until`` is by the monotonic clock: nothing is reserved from then on."""

    slices: Slices
    until: float


class LeasedAccounts:
    """Implements ``accounts.Accounts`` for one process. ``limits`` are the budgets of shared accounts by name."""

    def __init__(
        self, store: BudgetStore, limits: Mapping[str, Budget], terms: SliceTerms, clock: Clock, owner: str
    ) -> None:
        self._store = store
        self._limits = {name: limit for name, limit in limits.items() if limit.limits_spend}
        self._terms = terms
        self._clock = clock
        self._owner = owner
        self._tenure: _Tenure | None = None
        # Draws and renewals state what is held in all, so that one must not overtake the other.
        self._talking = asyncio.Lock()
        self._topping_up: asyncio.Task[None] | None = None

    def open(self, task: Task, episode_id: EpisodeId, /) -> TaskAccount:
        """See ``Accounts``."""
        chain = self._chain(task)
        name = account_name(task)
        return LeasedAccount(self, name, task.budget, episode_id, chain) if chain else OwnAccount(name, task.budget)

    async def admit(self, task: Task, check: Check) -> None:
        """See ``Accounts``. What other processes hold of an account, spent or not, is not left."""
        for account in self._chain(task):
            limit = self._limits[account]
            free = self._tenure.slices.free(account) if self._tenure is not None else None
            if free is not None and _refusal(task, limit.within(free), check) is None:
                continue
            left = limit.left((await self._store.standing(account)).taken())
            refusal = _refusal(task, limit.within(left if free is None else left + free), check)
            if refusal is not None:
                raise BudgetExhausted(account, refusal.resource, refusal.limit, refusal.least)

    async def slices(self) -> Slices:
        """The slices that may be reserved on now; leased anew where the lease has run out.

        Raises:
            StoreUnavailable: the lease cannot be renewed.
        """
        if self._tenure is None or self._clock.monotonic() >= self._tenure.until:
            async with self._talking:
                if self._tenure is None or self._clock.monotonic() >= self._tenure.until:
                    await self._prolong()
        assert self._tenure is not None  # noqa: S101 -- set above, or an error was raised
        return self._tenure.slices

    def hold(self, slices: Slices) -> bool:
        """Whether a call that is sent now is over before the lease of its slices ends."""
        tenure = self._tenure
        return tenure is not None and tenure.slices is slices and self._clock.monotonic() < tenure.until

    async def enrol(self, slices: Slices, episode_id: EpisodeId, chain: Sequence[str]) -> None:
        """Let the store know who will have drawn on the slices; as ``BudgetStore.enrol``."""
        try:
            await self._store.enrol(slices.holder, episode_id, chain)
        except LeaseLost:
            self._drop(slices)
            raise

    async def draw(self, slices: Slices, account: str, amount: Spend) -> None:
        """Draw until ``amount`` is free.

        Raises:
            BudgetRefused: the account has not that much left.
            LeaseLost: the slices are not ours any more.
        """
        async with self._talking:
            if slices.cover(account, amount):
                return  # somebody who waited here before drew enough
            wish = slices.wish(account, amount)
            try:
                await self._draw(slices, wish)
            except BudgetRefused as refused:
                left = _plus(refused.left, slices.free(account), refused.resource)
                raise BudgetRefused(account, refused.resource, str(getattr(amount, refused.resource)), left) from None

    def reserved(self, slices: Slices, chain: Sequence[str]) -> None:
        """Something was reserved: look ahead, beside the path."""
        slices.touched(chain)
        if self._topping_up is not None and not self._topping_up.done():
            return
        if wishes := slices.running_low(chain):
            self._topping_up = asyncio.create_task(self._top_up(slices, wishes), name="budget slices")

    async def renew(self) -> None:
        """Prolong the lease, settle what has ended, and give back what is not needed."""
        async with self._talking:
            if self._tenure is not None:
                await self._prolong()

    async def aclose(self) -> None:
        """Settle everything and give the rest back; call when no task runs any more."""
        if self._topping_up is not None:
            await asyncio.gather(self._topping_up, return_exceptions=True)
        async with self._talking:
            if self._tenure is not None:
                slices, self._tenure = self._tenure.slices, None
                slices.give_back()
                await self._store.leave(slices.holder, slices.holdings())

    def _chain(self, task: Task) -> tuple[str, ...]:
        names = (tenant_account(task.tenant), key_account(task.tenant, task.key))
        return tuple(name for name in names if name in self._limits)

    async def _prolong(self) -> None:
        """Renew, or begin anew where there is nothing to renew any more."""
        asked_at = self._clock.monotonic()
        terms = self._terms
        if self._tenure is not None:
            slices, ended = self._tenure.slices, self._tenure.slices.ended
            slices.give_back()
            try:
                await self._store.renew(slices.holder, terms.lease_s, slices.holdings(), ended)
            except LeaseLost:
                logger.warning("the lease of %s on budgets ran out; its slices were reclaimed", slices.holder)
            else:
                slices.reported(ended)
                self._tenure.until = asked_at + terms.lease_s - terms.margin_s
                return
        fresh = Slices(f"{self._owner}/{uuid.uuid4().hex[:12]}", self._limits, terms.share)
        await self._store.begin(fresh.holder, terms.lease_s)
        self._tenure = _Tenure(fresh, asked_at + terms.lease_s - terms.margin_s)

    async def _top_up(self, slices: Slices, wishes: Sequence[Draw]) -> None:
        async with self._talking:
            for wish in wishes:
                with suppress(StoreError):  # whoever needs it will ask again, and be told
                    await self._draw(slices, wish)

    async def _draw(self, slices: Slices, wish: Draw) -> None:
        try:
            slices.add(wish.account, await self._store.draw(slices.holder, wish))
        except LeaseLost:
            self._drop(slices)
            raise

    def _drop(self, slices: Slices) -> None:
        if self._tenure is not None and self._tenure.slices is slices:
            self._tenure = None


class LeasedAccount:
    """A task's account below shared ones. When a lease is lost, it goes on under the next with what it has left."""

    def __init__(
        self, accounts: LeasedAccounts, name: str, budget: Budget, episode_id: EpisodeId, chain: Sequence[str]
    ) -> None:
        self._accounts = accounts
        self._name = name
        self._budget = budget
        self._episode_id = episode_id
        self._chain = chain
        self._slices: Slices | None = None
        self._open: dict[str, Slices] = {}
        self._entering = asyncio.Lock()

    async def reserve(self, reservation: str, amount: Spend) -> str:
        """See ``TaskAccount``."""
        while True:
            try:
                slices = await self._entered()
                await self._reserve(slices, reservation, amount)
            except LeaseLost:
                continue
            self._open[reservation] = slices
            self._accounts.reserved(slices, self._chain)
            return slices.holder

    def covers(self, reservation: str, /) -> bool:
        """See ``TaskAccount``."""
        return self._accounts.hold(self._open[reservation])

    def commit(self, reservation: str, actual: Spend) -> Spend:
        """See ``TaskAccount``."""
        return self._open.pop(reservation).ledger.commit(reservation, actual)

    def release(self, reservation: str) -> None:
        """See ``TaskAccount``."""
        self._open.pop(reservation).ledger.release(reservation)

    def close(self) -> None:
        """See ``TaskAccount``."""
        if self._slices is not None:
            self._slices.close_task(self._name, self._episode_id, self._chain)
            self._slices = None

    async def _reserve(self, slices: Slices, reservation: str, amount: Spend) -> None:
        """Reserve; what a slice lacks is drawn. The outermost account that cannot be drawn on refuses."""
        while True:
            try:
                return slices.ledger.reserve(self._name, reservation, amount)
            except BudgetRefused as refused:
                if refused.account == self._name:
                    raise
                await self._accounts.draw(slices, refused.account, amount)

    async def _entered(self) -> Slices:
        """The slices of now, on which the task has an account."""
        slices = await self._accounts.slices()
        if slices is self._slices:
            return slices
        # Branches of one task may come here together.
        async with self._entering:
            if slices is not self._slices:
                await self._accounts.enrol(slices, self._episode_id, self._chain)
                slices.open_task(self._name, self._left(), self._chain)
                self._slices = slices
        return slices

    def _left(self) -> Budget:
        """The task's budget less what it holds under a lease that was lost, open calls at their worst."""
        if self._slices is None:
            return self._budget
        self._budget = self._budget.within(self._budget.left(self._slices.ledger.account(self._name).held()))
        return self._budget


def _refusal(task: Task, left: Budget, check: Check) -> BudgetTooSmall | None:
    try:
        check(replace(task, budget=left))
    except BudgetTooSmall as error:
        return error
    return None


def _plus(left: str, free: Spend, resource: str) -> str:
    """What the store has left and what is drawn already, as text."""
    return str(type(getattr(free, resource))(left) + getattr(free, resource))
