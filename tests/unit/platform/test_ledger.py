from __future__ import annotations

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stigmergy.domain import NOTHING, Budget, Spend, from_nano
from stigmergy.errors import BudgetRefused, LedgerError, UnknownReservation
from stigmergy.platform.ledger import Account, Ledger

AMOUNTS = st.builds(Spend, st.integers(0, 5 * 10**9).map(from_nano), st.integers(0, 6), st.integers(0, 2))
BUDGETS = st.builds(Budget, st.none() | st.integers(0, 12).map(Decimal), st.none() | st.integers(0, 20), st.none())
PARENTS = {"tenant": None, "key": "tenant", "task": "key", "other": "tenant"}


def total(amounts: list[Spend]) -> Spend:
    return reduce(Spend.__add__, amounts, NOTHING)


class Books(RuleBasedStateMachine):
    """Any sequence of bookings on a small tree, with a second, simpler set of books beside it."""

    @initialize(limits=st.fixed_dictionaries(dict.fromkeys(PARENTS, BUDGETS)))
    def open(self, limits: dict[str, Budget]) -> None:
        self.ledger = Ledger()
        self.accounts: dict[str, Account] = {
            name: self.ledger.open_account(name, limits[name], parent) for name, parent in PARENTS.items()
        }
        self.open_ones: dict[str, tuple[str, Spend]] = {}
        self.paid: list[tuple[str, Spend]] = []
        self.overran: list[tuple[str, Spend]] = []
        self.made = 0

    @rule(account=st.sampled_from(sorted(PARENTS)), amount=AMOUNTS)
    def reserve(self, account: str, amount: Spend) -> None:
        self.made += 1
        before = {name: each.held() for name, each in self.accounts.items()}
        refusing = [
            name
            for name in ("tenant", "key", "task", "other")
            if name in self._chain(account) and not self.accounts[name].budget.allows(before[name] + amount)
        ]
        if not refusing:
            self.ledger.reserve(account, str(self.made), amount)
            self.open_ones[str(self.made)] = account, amount
            return
        with pytest.raises(BudgetRefused) as refused:
            self.ledger.reserve(account, str(self.made), amount)
        assert refused.value.account == refusing[0]
        assert {name: each.held() for name, each in self.accounts.items()} == before

    @rule(actual=AMOUNTS, data=st.data())
    def commit(self, actual: Spend, data: st.DataObject) -> None:
        if self.open_ones:
            key = data.draw(st.sampled_from(sorted(self.open_ones)))
            account, amount = self.open_ones.pop(key)
            overrun = self.ledger.commit(key, actual)
            assert actual.at_most(amount + overrun)
            self.paid.append((account, actual))
            self.overran.append((account, overrun))

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.open_ones:
            key = data.draw(st.sampled_from(sorted(self.open_ones)))
            del self.open_ones[key]
            self.ledger.release(key)
            with pytest.raises(UnknownReservation):
                self.ledger.release(key)

    @invariant()
    def nothing_is_lost_or_made(self) -> None:
        for name, account in self.accounts.items():
            assert account.spent == total([spend for owner, spend in self.paid if name in self._chain(owner)])
            assert account.reserved == total([s for owner, s in self.open_ones.values() if name in self._chain(owner)])
            assert account.overrun == total([s for owner, s in self.overran if name in self._chain(owner)])

    @invariant()
    def limits_hold_but_for_overruns(self) -> None:
        for account in self.accounts.values():
            assert account.budget.allows(account.held() - account.overrun)

    def _chain(self, account: str) -> list[str]:
        parent = PARENTS[account]
        return [account, *(self._chain(parent) if parent is not None else [])]


Books.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestBooks = Books.TestCase


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.open_account("tenant", Budget(max_usd=Decimal(1)))
    ledger.open_account("task", Budget(max_usd=Decimal(1), max_calls=1), "tenant")
    return ledger


def test_the_outermost_account_that_refuses_is_named_with_what_is_left(ledger: Ledger) -> None:
    ledger.reserve("task", "one", Spend(Decimal("0.75"), 5, 1))
    with pytest.raises(BudgetRefused) as refused:
        ledger.reserve("task", "two", Spend(Decimal("0.5"), 5, 1))
    assert refused.value.args == ("tenant", "usd", "0.5", "0.25")
    with pytest.raises(BudgetRefused) as refused:
        ledger.reserve("task", "two", Spend(Decimal("0.25"), 5, 1))
    assert refused.value.args == ("task", "calls", "1", "0")


def test_an_overrun_is_booked_in_full_and_told(ledger: Ledger) -> None:
    ledger.reserve("task", "one", Spend(Decimal("0.5"), 5, 1))
    assert ledger.commit("one", Spend(Decimal("1.5"), 4, 1)) == Spend(Decimal(1))
    assert ledger.account("tenant").spent == Spend(Decimal("1.5"), 4, 1)


@pytest.mark.parametrize("gift", [Spend(Decimal(-1)), Spend(tokens=-1), Spend(calls=-1)])
def test_nothing_below_zero_is_booked(ledger: Ledger, gift: Spend) -> None:
    with pytest.raises(LedgerError, match="below zero"):
        ledger.reserve("task", "one", gift)
    ledger.reserve("task", "one", Spend(Decimal("0.5"), 5, 1))
    with pytest.raises(LedgerError, match="below zero"):
        ledger.commit("one", gift)
    assert ledger.account("tenant").held() == Spend(Decimal("0.5"), 5, 1)
    ledger.release("one")


def test_every_attempt_is_a_new_reservation_and_is_settled_once(ledger: Ledger) -> None:
    ledger.reserve("task", "one", NOTHING)
    with pytest.raises(LedgerError, match="open already"):
        ledger.reserve("task", "one", NOTHING)
    ledger.commit("one", NOTHING)
    with pytest.raises(UnknownReservation, match="one"):
        ledger.commit("one", NOTHING)


def test_accounts_are_opened_once_below_accounts_that_are_there(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="exists already"):
        ledger.open_account("task", Budget())
    with pytest.raises(LedgerError, match="no account 'nobody'"):
        ledger.open_account("new", Budget(), "nobody")


def test_a_closed_account_stays_charged_to_its_parent(ledger: Ledger) -> None:
    ledger.reserve("task", "one", Spend(Decimal("0.5")))
    with pytest.raises(LedgerError, match="one"):
        ledger.close_account("task")
    with pytest.raises(LedgerError, match="children"):
        ledger.close_account("tenant")
    ledger.commit("one", Spend(Decimal("0.25")))
    assert ledger.close_account("task").spent == Spend(Decimal("0.25"))
    assert ledger.account("tenant").spent == Spend(Decimal("0.25"))
