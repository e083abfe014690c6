"""The budget tree: reserve the worst case before a call, commit what was used after it, release what was not sent.

Every account is charged with its children. Pure bookkeeping in ``Decimal``; nothing here waits, stores or measures.
Invariants (property-tested): no account passes its limit absent overruns; a parent's spent and reserved amounts are
the sums over its children and itself; no sequence of calls loses or creates money.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from stigmergy.domain import NOTHING, Budget, Spend
from stigmergy.errors import BudgetRefused, LedgerError, UnknownReservation


@dataclass(slots=True)
class Account:
    """One limit in the tree and what has been taken from it."""

    name: str
    budget: Budget
    parent: Account | None = None
    spent: Spend = NOTHING
    reserved: Spend = NOTHING
    overrun: Spend = NOTHING

    def held(self) -> Spend:
        """What counts against the limit: spent and reserved together."""
        return self.spent + self.reserved


class Ledger:
    """Accounts by name, and the reservations that are open."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._open: dict[str, tuple[str, Spend]] = {}

    def open_account(self, name: str, budget: Budget, parent: str | None = None) -> Account:
        """Add an account below ``parent``; raises LedgerError if the name is taken or the parent is unknown."""
        if name in self._accounts:
            raise LedgerError(f"account {name!r} exists already; every account is opened once")
        account = Account(name, budget, self.account(parent) if parent is not None else None)
        self._accounts[name] = account
        return account

    def account(self, name: str) -> Account:
        """The account of this name; raises LedgerError."""
        try:
            return self._accounts[name]
        except KeyError:
            raise LedgerError(f"no account {name!r}; open it before booking on it") from None

    def close_account(self, name: str) -> Account:
        """Take a leaf account out, all its reservations settled; what it spent stays charged to its parents."""
        account = self.account(name)
        pending = [key for key, (owner, _) in self._open.items() if owner == name]
        if pending or any(other.parent is account for other in self._accounts.values()):
            raise LedgerError(f"account {name!r} has open reservations {pending} or children; settle them first")
        return self._accounts.pop(name)

    def forfeit(self, name: str) -> Account:
        """Commit every open reservation of a leaf account at its worst case, and close it."""
        for reservation in [key for key, (owner, _) in self._open.items() if owner == name]:
            self.commit(reservation, self._open[reservation][1])
        return self.close_account(name)

    def reserve(self, account: str, reservation: str, amount: Spend) -> None:
        """Set ``amount`` aside on the account and all above it, or on none of them.

        Raises:
            BudgetRefused: a limit would be passed; the outermost refusing account is named.
            LedgerError: the reservation exists already, or the amount is below zero.
        """
        _expect_no_gift(reservation, amount)
        if reservation in self._open:
            raise LedgerError(f"reservation {reservation!r} is open already; every attempt is a new one")
        chain = self._chain(account)
        for each in reversed(chain):
            excess = each.budget.excess(each.held() + amount)
            if excess is not None:
                resource, limit, _ = excess
                raise BudgetRefused(each.name, resource, str(getattr(amount, resource)), _left(each, resource, limit))
        for each in chain:
            each.reserved += amount
        self._open[reservation] = (account, amount)

    def commit(self, reservation: str, actual: Spend) -> Spend:
        """Book what was really used; returns the overrun above the reservation (all zero when there is none).

        Raises:
            UnknownReservation: it is not open.
            LedgerError: ``actual`` is below zero; the reservation stays open.
        """
        _expect_no_gift(reservation, actual)
        account, amount = self._take(reservation)
        overrun = actual.beyond(amount)
        for each in self._chain(account):
            each.reserved -= amount
            each.spent += actual
            each.overrun += overrun
        return overrun

    def release(self, reservation: str) -> None:
        """Give a reservation back unspent: only when the call was provably not sent."""
        account, amount = self._take(reservation)
        for each in self._chain(account):
            each.reserved -= amount

    def _take(self, reservation: str) -> tuple[str, Spend]:
        try:
            return self._open.pop(reservation)
        except KeyError:
            raise UnknownReservation(reservation) from None

    def _chain(self, name: str) -> list[Account]:
        chain = [self.account(name)]
        while (parent := chain[-1].parent) is not None:
            chain.append(parent)
        return chain


def _expect_no_gift(reservation: str, amount: Spend) -> None:
    if not NOTHING.at_most(amount):
        raise LedgerError(f"reservation {reservation!r}: {amount} is below zero; spending takes, it never gives")


def _left(account: Account, resource: str, limit: str) -> str:
    return str(Decimal(limit) - Decimal(getattr(account.held(), resource)))
