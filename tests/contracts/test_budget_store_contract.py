"""The contract of BudgetStore, on every implementation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stigmergy.domain import NOTHING, Budget, Spend
from stigmergy.errors import BudgetRefused, LeaseLost
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Draw, Holding, Lapsed, Proof, Standing

LIMIT = Budget(max_usd=Decimal(10), max_calls=100)
LONG_S, OVER_S = 60.0, -1.0
ACME = "tenant acme"


def usd(amount: int | str, calls: int = 0) -> Spend:
    return Spend(Decimal(amount), 0, calls)


def wish(need: Spend, most: Spend = NOTHING, account: str = ACME) -> Draw:
    return Draw(account, LIMIT, need, most)


async def test_a_slice_counts_from_when_it_is_drawn_and_is_smaller_when_less_is_left(store: Store) -> None:
    budgets = store.budgets
    for holder in ("a", "b"):
        await budgets.begin(holder, LONG_S)
    assert await budgets.draw("a", wish(usd(1, 1), usd(6, 60))) == usd(6, 60)
    assert await budgets.draw("b", wish(usd(1, 1), usd(6, 60))) == usd(4, 40)
    assert await budgets.standing(ACME) == Standing(leased=usd(10, 100))


async def test_a_draw_that_needs_more_than_is_left_is_refused_and_takes_nothing(store: Store) -> None:
    await store.budgets.begin("a", LONG_S)
    await store.budgets.draw("a", wish(usd("9.999999999", 1)))
    with pytest.raises(BudgetRefused) as refused:
        await store.budgets.draw("a", wish(usd("0.000000002", 1)))
    assert (refused.value.account, refused.value.resource, refused.value.asked) == (ACME, "usd", "2E-9")
    assert Decimal(refused.value.left) == Decimal("0.000000001")
    assert (await store.budgets.standing(ACME)).leased == usd("9.999999999", 1)


async def test_a_renewal_books_what_is_settled_gives_back_the_rest_and_may_come_twice(store: Store) -> None:
    await store.budgets.begin("a", LONG_S)
    await store.budgets.draw("a", wish(usd(8, 8)))
    for _ in range(2):
        await store.budgets.renew("a", LONG_S, [Holding(ACME, usd(5, 5), usd(3, 3))], ())
        assert await store.budgets.standing(ACME) == Standing(spent=usd(3, 3), leased=usd(2, 2))


async def test_who_leaves_keeps_nothing_and_may_leave_again(store: Store) -> None:
    await store.budgets.begin("a", LONG_S)
    await store.budgets.draw("a", wish(usd(8)))
    for _ in range(2):
        await store.budgets.leave("a", [Holding(ACME, usd(8), usd(3))])
        assert await store.budgets.standing(ACME) == Standing(spent=usd(3))
    with pytest.raises(LeaseLost):
        await store.budgets.draw("a", wish(usd(1)))


async def test_a_lapsed_holder_is_told_of_with_its_unsettled_episodes(store: Store) -> None:
    await store.budgets.begin("a", LONG_S)
    await store.budgets.begin("alive", LONG_S)
    await store.budgets.draw("a", wish(usd(8)))
    for _ in range(2):
        await store.budgets.enrol("a", "ep1", [ACME, "key acme/ci"])
    await store.budgets.enrol("a", "ep2", [ACME])
    assert await store.budgets.lapsed() == ()
    await store.budgets.renew("a", OVER_S, [Holding(ACME, usd(8), usd(1))], ["ep1"])
    assert await store.budgets.lapsed() == (Lapsed("a", (Holding(ACME, usd(8), usd(1)),), (("ep2", ACME),)),)


async def test_reclaiming_books_the_proven_part_writes_off_the_doubtful_and_frees_the_rest(store: Store) -> None:
    await store.budgets.begin("a", OVER_S)
    await store.budgets.draw("a", wish(usd(8)))
    assert await store.budgets.reclaim("a", [Proof(ACME, usd(3), usd(2))])
    assert await store.budgets.standing(ACME) == Standing(spent=usd(3), written_off=usd(2))
    assert not await store.budgets.reclaim("a", [Proof(ACME, usd(3), usd(2))])
    assert await store.budgets.standing(ACME) == Standing(spent=usd(3), written_off=usd(2))


async def test_no_more_is_written_off_than_was_held(store: Store) -> None:
    await store.budgets.begin("a", OVER_S)
    await store.budgets.draw("a", wish(usd(8)))
    await store.budgets.reclaim("a", [Proof(ACME, usd(3), usd(100))])
    assert await store.budgets.standing(ACME) == Standing(spent=usd(3), written_off=usd(5))


async def test_who_has_renewed_is_not_reclaimed(store: Store) -> None:
    await store.budgets.begin("a", OVER_S)
    await store.budgets.draw("a", wish(usd(8)))
    await store.budgets.renew("a", LONG_S, (), ())
    assert not await store.budgets.reclaim("a", [Proof(ACME, NOTHING, NOTHING)])
    assert (await store.budgets.standing(ACME)).leased == usd(8)


async def test_a_reclaimed_holder_can_do_nothing_any_more(store: Store) -> None:
    await store.budgets.begin("a", OVER_S)
    await store.budgets.reclaim("a", [])
    for late in (
        store.budgets.draw("a", wish(usd(1))),
        store.budgets.enrol("a", "ep", [ACME]),
        store.budgets.renew("a", LONG_S, (), ()),
    ):
        with pytest.raises(LeaseLost):
            await late


async def test_an_account_without_limits_books_all_the_same(store: Store) -> None:
    await store.budgets.begin("a", LONG_S)
    assert await store.budgets.draw("a", Draw(ACME, Budget(max_calls=5), Spend(Decimal(9), 9, 1), NOTHING)) == usd(0, 1)
    await store.budgets.leave("a", [Holding(ACME, Spend(Decimal(9), 9, 1), Spend(Decimal(9), 9, 1))])
    assert (await store.budgets.standing(ACME)).spent == Spend(Decimal(9), 9, 1)
