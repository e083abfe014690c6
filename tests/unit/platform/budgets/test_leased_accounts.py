from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from stigmergy.domain import NOTHING, Budget, Spend, Task
from stigmergy.errors import BudgetExhausted, BudgetRefused, BudgetTooSmall
from stigmergy.platform.budgets.accounts import OwnAccount
from stigmergy.platform.budgets.leased_accounts import LeasedAccounts
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.records import Proof, Standing
from stigmergy.platform.store.memory_budgets import MemoryBudgets
from stigmergy.testing import FakeClock, task

TENANT, KEY = "tenant acme", "key acme/ci"
LIMITS = {TENANT: Budget(max_usd=Decimal(10)), KEY: Budget(max_usd=Decimal(5), max_calls=40)}
TERMS = SliceTerms(lease_s=60, margin_s=30, share=Decimal("0.1"))


def usd(amount: int | str, calls: int = 1) -> Spend:
    return Spend(Decimal(amount), 3, calls)


def acme(name: str = "t", budget: Budget | None = None) -> Task:
    return task(task_id=name, tenant="acme", key="ci", budget=budget or Budget())


class Shared:
    """One store and two processes that spend from it."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryBudgets(), FakeClock()
        self.here, self.there = (LeasedAccounts(self.store, LIMITS, TERMS, self.clock, name) for name in "ab")

    async def settled(self, account: str = KEY) -> Standing:
        for each in (self.here, self.there):
            await each.aclose()
        return await self.store.standing(account)


@pytest.fixture
def shared() -> Shared:
    return Shared()


def test_a_task_of_nobody_with_a_limit_is_by_itself(shared: Shared) -> None:
    assert isinstance(shared.here.open(task(), "ep"), OwnAccount)


async def test_what_a_task_used_is_booked_on_its_key_and_its_tenant_and_the_rest_is_free_again(shared: Shared) -> None:
    account = shared.here.open(acme(), "ep")
    for name, used in (("one", usd("0.3")), ("two", usd(0))):
        assert await account.reserve(name, usd("0.6"))
        account.commit(name, used)
    await account.reserve("not sent", usd("0.6"))
    account.release("not sent")
    account.close()
    account.close()
    for name in (TENANT, KEY):
        assert await shared.settled(name) == Standing(spent=Spend(Decimal("0.3"), 6, 2))


async def test_a_call_that_was_never_settled_is_charged_its_worst_case_when_the_run_ends(shared: Shared) -> None:
    account = shared.here.open(acme(), "ep")
    await account.reserve("cut off", usd("0.6"))
    account.close()
    assert (await shared.settled()).spent == usd("0.6")


async def test_two_processes_together_stay_within_the_limit(shared: Shared) -> None:
    accounts = [shared.here.open(acme("here"), "e1"), shared.there.open(acme("there"), "e2")]
    taken = 0
    refusal: BudgetRefused | None = None
    while refusal is None:
        try:
            await accounts[taken % 2].reserve(str(taken), usd("0.4"))
            taken += 1
        except BudgetRefused as refused:
            refusal = refused
    assert refusal.account == KEY
    assert Decimal("4.4") <= taken * Decimal("0.4") <= 5
    assert LIMITS[KEY].allows((await shared.store.standing(KEY)).taken())


async def test_the_outermost_limit_that_refuses_names_itself(shared: Shared) -> None:
    account = shared.here.open(acme(budget=Budget(max_usd=Decimal(1))), "ep")
    for amount, name in ((usd(2), "task t"), (usd(6), KEY), (usd(11), TENANT)):
        with pytest.raises(BudgetRefused) as refused:
            await account.reserve("r", amount)
        assert refused.value.account == name
    assert await account.reserve("r", usd(1))


async def test_branches_that_reserve_together_lose_nothing(shared: Shared) -> None:
    account = shared.here.open(acme(), "ep")
    await asyncio.gather(*(account.reserve(str(number), usd("0.1")) for number in range(30)))
    for number in range(30):
        account.commit(str(number), usd("0.05"))
    account.close()
    assert (await shared.settled()).spent.usd == Decimal("1.5")


async def test_idle_money_goes_back_with_the_second_renewal(shared: Shared) -> None:
    account = shared.here.open(acme(), "ep")
    await account.reserve("r", usd("0.1"))
    account.commit("r", usd("0.1"))
    account.close()
    await shared.here.renew()
    await shared.here.renew()
    standing = await shared.store.standing(KEY)
    assert (standing.spent.usd, standing.leased) == (Decimal("0.1"), NOTHING)


async def test_near_the_end_of_its_lease_a_process_sends_nothing_and_renews_before_it_reserves(shared: Shared) -> None:
    account = shared.here.open(acme(), "ep")
    grant = await account.reserve("late", usd("0.1"))
    assert account.covers("late")
    shared.clock.advance(30)
    assert not account.covers("late")
    account.release("late")
    assert await account.reserve("again", usd("0.1")) == grant
    assert account.covers("again")


async def test_a_task_goes_on_under_another_lease_with_what_its_own_budget_has_left() -> None:
    shared, expired = Shared(), SliceTerms(lease_s=0, margin_s=-30)
    accounts = LeasedAccounts(shared.store, LIMITS, expired, shared.clock, "c")
    account = accounts.open(acme(budget=Budget(max_usd=Decimal(1))), "ep")
    first = await account.reserve("one", usd("0.6"))
    await shared.store.reclaim(first, [Proof(KEY, NOTHING, usd("0.6")), Proof(TENANT, NOTHING, usd("0.6"))])
    await accounts.renew()
    second = await account.reserve("two", usd("0.4"))
    assert second != first
    with pytest.raises(BudgetRefused, match="task t"):
        await account.reserve("three", usd("0.1"))
    account.commit("one", usd("0.2"))
    account.commit("two", usd("0.4"))
    account.close()
    await accounts.aclose()
    standing = await shared.store.standing(KEY)
    assert (standing.spent.usd, standing.written_off.usd) == (Decimal("0.4"), Decimal("0.6"))


async def test_a_task_for_which_too_little_is_left_is_not_admitted(shared: Shared) -> None:
    def check(asked: Task) -> None:
        if not asked.budget.allows(usd(3)):
            raise BudgetTooSmall("usd", str(asked.budget.max_usd), "3")

    await shared.here.admit(acme(), check)
    account = shared.here.open(acme(), "ep")
    await account.reserve("r", usd(3))
    for process in (shared.here, shared.there):
        with pytest.raises(BudgetExhausted) as refused:
            await process.admit(acme("next"), check)
        assert (refused.value.account, refused.value.least) == (KEY, "3")
    account.release("r")
    await shared.here.admit(acme("next"), check)
