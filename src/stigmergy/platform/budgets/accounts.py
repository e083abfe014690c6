"""What the engine books on: the account of one task, whatever stands above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from stigmergy.domain import Budget, EpisodeId, Spend, Task
from stigmergy.platform.ledger import Ledger

NO_GRANT: Final = ""
Check: TypeAlias = Callable[[Task], None]
"""Raises BudgetTooSmall for a task whose budget no path of its graph fits."""


class TaskAccount(Protocol):
    """The account of one task for one run of it."""

    async def reserve(self, reservation: str, amount: Spend) -> str:
        """Set the amount aside here and on all accounts above; returns the id of the grant it counts under, if any.

        Raises:
            BudgetRefused: a limit would be passed; the outermost refusing account is named.
            StoreUnavailable: an account above is shared, and the store that shares it is away.
        """
        ...

    def covers(self, reservation: str, /) -> bool:
        """Whether the call may still be sent: asked right before that, when its start is committed.

        False when the lease that the reservation counts under has ended meanwhile: the reservation is to be released.
        """
        ...

    def commit(self, reservation: str, actual: Spend) -> Spend:
        """Book what was really used; returns the overrun."""
        ...

    def release(self, reservation: str) -> None:
        """Give back what was provably not sent."""
        ...

    def close(self) -> None:
        """The run is over: what is still open is charged its worst case. Closing again is harmless."""
        ...


class Accounts(Protocol):
    """Where the accounts of tasks are opened."""

    async def admit(self, task: Task, check: Check) -> None:
        """Refuse a task for which too little is left above it.

        Raises:
            BudgetExhausted: no path of its graph fits what is left of a shared account.
        """
        ...

    def open(self, task: Task, episode_id: EpisodeId, /) -> TaskAccount:
        """The account of a task. Nothing is booked anywhere before its first reservation."""
        ...


class OwnAccount:
    """A task with no limit above its own."""

    def __init__(self, name: str, budget: Budget) -> None:
        self._name = name
        self._ledger = Ledger()
        self._ledger.open_account(name, budget)

    async def reserve(self, reservation: str, amount: Spend) -> str:
        """See ``TaskAccount``."""
        self._ledger.reserve(self._name, reservation, amount)
        return NO_GRANT

    def covers(self, _reservation: str, /) -> bool:
        """Always: there is no lease."""
        return True

    def commit(self, reservation: str, actual: Spend) -> Spend:
        """See ``TaskAccount``."""
        return self._ledger.commit(reservation, actual)

    def release(self, reservation: str) -> None:
        """See ``TaskAccount``."""
        self._ledger.release(reservation)

    def close(self) -> None:
        """Nothing above it has to know."""


class OwnAccounts:
    """Every task by itself: what there is without tenants."""

    async def admit(self, task: Task, check: Check) -> None:
        """Everything is admitted."""

    def open(self, task: Task, _episode_id: EpisodeId, /) -> TaskAccount:
        """See ``Accounts``."""
        return OwnAccount(account_name(task), task.budget)


def account_name(task: Task) -> str:
    """What the task's own account is called in errors."""
    return f"task {task.id}"
