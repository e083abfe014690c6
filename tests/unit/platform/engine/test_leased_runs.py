"""Runs whose accounts are shared and leased: late, resumed, and while the store is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.domain import NOTHING, Budget, EpisodeId, FailureKind, Spend, Status, Task
from stigmergy.errors import StoreUnavailable
from stigmergy.platform.budgets.accounts import Accounts, OwnAccounts, TaskAccount
from stigmergy.platform.budgets.leased_accounts import LeasedAccounts, tenant_account
from stigmergy.platform.budgets.slices import SliceTerms
from stigmergy.platform.engine import Recorded
from stigmergy.platform.episode.charges import charges
from stigmergy.platform.store.memory_budgets import MemoryBudgets
from stigmergy.testing import FakeClock

Build = Callable[..., Any]
TENANT = tenant_account("local")
TERMS = SliceTerms(lease_s=60, margin_s=30)


class Died(BaseException):
    """The process is gone."""


class Late:
    """Keeps events; the first time it takes so long that the lease on the budget nears its end."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock, self._slow = clock, True

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        if self._slow:
            self._slow = False
            self._clock.advance(TERMS.margin_s)


class Dies:
    """Keeps events, and dies right after its ``at``-th commit."""

    def __init__(self, at: int) -> None:
        self.kept: list[Recorded] = []
        self._left = at

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        self.kept += fresh
        self._left -= 1
        if not self._left:
            raise Died


class Watched:
    """Accounts that note the budget with which each is opened."""

    def __init__(self, inside: Accounts) -> None:
        self._inside = inside
        self.opened: list[Budget] = []

    async def admit(self, task: Task, check: Any) -> None:
        await self._inside.admit(task, check)

    def open(self, task: Task, episode_id: EpisodeId, /) -> TaskAccount:
        self.opened.append(task.budget)
        return self._inside.open(task, episode_id)


@pytest.fixture
def store() -> MemoryBudgets:
    return MemoryBudgets()


@pytest.fixture
def leased(store: MemoryBudgets) -> Callable[[FakeClock, str], LeasedAccounts]:
    limits = {TENANT: Budget(max_usd=Decimal(100))}
    return lambda clock, owner: LeasedAccounts(store, limits, TERMS, clock, owner)


async def test_a_call_whose_start_is_committed_too_late_for_its_lease_is_not_sent_and_costs_nothing(
    house: Build, staged: Build, profile: Build, store: MemoryBudgets, leased: Build
) -> None:
    clock = FakeClock()
    accounts = leased(clock, "here")
    made = house(staged([[profile("a", 1)]]), clock=clock, accounts=accounts)
    ran = await made.engine.run(made.task(), "ep", Late(clock))
    (failure,) = ran.episode.failures
    assert (failure.kind, failure.charged) == (FailureKind.OVERLOADED, NOTHING)
    assert "lease on the budget" in failure.reason
    assert (ran.episode.status, made.calls("a")) == (Status.COMPLETED, 1)
    await accounts.aclose()
    assert (await store.standing(TENANT)).taken().usd == ran.episode.charged_usd


async def test_a_resumed_run_has_what_is_left_and_each_holder_books_its_own_calls(
    house: Build, staged: Build, profile: Build, store: MemoryBudgets, leased: Build
) -> None:
    clock, budget = FakeClock(), Budget(max_usd=Decimal(6))
    graph = staged([[profile("a", 1)], [profile("b", 2)], [profile("c", 1)]])
    dead, heir = Watched(leased(clock, "dead")), leased(clock, "heir")
    first, watched = Dies(2), Watched(heir)
    made = house(graph, clock=clock, accounts=dead)
    with pytest.raises(Died):
        await made.engine.run(made.task(budget), "ep", first)
    second = house(graph, clock=clock, accounts=watched)
    ran = await second.engine.run(second.task(budget), "ep", past=tuple(first.kept))
    assert (ran.episode.status, ran.episode.charged_usd) == (Status.COMPLETED, Decimal(6))
    assert watched.opened[-1].max_usd == Decimal(3)
    spent: dict[str, Spend] = {}
    for charge in charges(each.event for each in ran.events):
        owner = charge.grant.partition("/")[0]
        spent[owner] = spent.get(owner, NOTHING) + charge.charged
    assert {owner: each.usd for owner, each in spent.items()} == {"dead": Decimal(3), "heir": Decimal(3)}
    await heir.aclose()
    standing = await store.standing(TENANT)
    assert standing.spent == spent["heir"]
    assert spent["dead"].usd <= standing.leased.usd


class Away:
    """An account whose store is away the first ``times`` times."""

    def __init__(self, inside: TaskAccount, times: int, asked: Callable[[], None]) -> None:
        self._inside, self._times, self._asked = inside, times, asked

    async def reserve(self, reservation: str, amount: Spend) -> str:
        self._asked()
        if self._times:
            self._times -= 1
            raise StoreUnavailable("memory://", "it is away")
        return await self._inside.reserve(reservation, amount)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)


class AwayAccounts(OwnAccounts):
    def __init__(self, times: int, asked: Callable[[], None] = lambda: None) -> None:
        self._times, self._asked = times, asked

    def open(self, task: Task, episode_id: EpisodeId, /) -> Any:
        return Away(super().open(task, episode_id), self._times, self._asked)


async def test_a_store_that_is_away_is_waited_for_and_is_no_refusal(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a", 1), profile("b", 2)]]), accounts=AwayAccounts(1))
    ran = await made.run()
    assert (ran.episode.status, ran.episode.route, ran.episode.reroutes) == (Status.COMPLETED, ("a",), 0)


async def test_a_store_that_is_away_is_waited_for_until_the_deadline(
    house: Build, staged: Build, profile: Build
) -> None:
    clock = FakeClock()
    accounts = AwayAccounts(9, lambda: clock.advance(60))
    made = house(staged([[profile("a", 1)]]), clock=clock, accounts=accounts)
    ran = await made.run(Budget(deadline=clock.now() + timedelta(seconds=5)))
    assert (ran.episode.status, made.calls("a")) == (Status.ESCALATED, 0)
    assert "deadline" in ran.episode.reason
