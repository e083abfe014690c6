"""Shared budgets in the tables ``budget_*``. Every change first locks its holder, then its accounts by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, select, update

from stigmergy.domain import NOTHING, EpisodeId, Spend
from stigmergy.errors import LeaseLost
from stigmergy.platform.records import Draw, Holding, Lapsed, Proof, Standing
from stigmergy.platform.store.database import Database
from stigmergy.platform.store.shares import slice_of, written_off
from stigmergy.platform.store.tables import budget_accounts as accounts
from stigmergy.platform.store.tables import budget_episodes as episodes
from stigmergy.platform.store.tables import budget_grants as grants
from stigmergy.platform.store.tables import budget_holders as holders
from stigmergy.platform.store.upsert import insert_for


class SqlBudgets:
    """Implements ``ports.BudgetStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, holder: str, lease_s: float) -> None:
        """See ``ports.BudgetStore``."""

        def store(connection: Connection) -> None:
            connection.execute(
                insert_for(connection.dialect.name, holders).values(holder=holder, expires_at=_at(connection, lease_s))
            )

        await self._database.write(store)

    async def draw(self, holder: str, draw: Draw) -> Spend:
        """See ``ports.BudgetStore``."""

        def store(connection: Connection) -> Spend:
            _lock_holder(connection, holder)
            got = slice_of(draw, _locked(connection, draw.account))
            held = _holding(connection, holder, draw.account)
            _keep(connection, holder, Holding(draw.account, held.granted + got, held.settled))
            return got

        return await self._database.write(store)

    async def enrol(self, holder: str, episode_id: EpisodeId, accounts: Sequence[str]) -> None:
        """See ``ports.BudgetStore``."""
        rows = [{"holder": holder, "episode_id": episode_id, "account": account} for account in accounts]

        def store(connection: Connection) -> None:
            _lock_holder(connection, holder)
            connection.execute(insert_for(connection.dialect.name, episodes).on_conflict_do_nothing(), rows)

        await self._database.write(store)

    async def renew(
        self, holder: str, lease_s: float, holdings: Sequence[Holding], settled: Sequence[EpisodeId]
    ) -> None:
        """See ``ports.BudgetStore``."""

        def store(connection: Connection) -> None:
            _lock_holder(connection, holder)
            _settle(connection, holder, holdings)
            until = update(holders).where(holders.c.holder == holder).values(expires_at=_at(connection, lease_s))
            connection.execute(until)
            done = (episodes.c.holder == holder) & episodes.c.episode_id.in_(settled)
            if settled:
                connection.execute(delete(episodes).where(done))

        await self._database.write(store)

    async def leave(self, holder: str, holdings: Sequence[Holding]) -> None:
        """See ``ports.BudgetStore``."""

        def store(connection: Connection) -> None:
            try:
                _lock_holder(connection, holder)
            except LeaseLost:
                return
            _settle(connection, holder, holdings)
            _forget(connection, holder)

        await self._database.write(store)

    async def lapsed(self) -> tuple[Lapsed, ...]:
        """See ``ports.BudgetStore``."""

        def query(connection: Connection) -> tuple[Lapsed, ...]:
            over = select(holders.c.holder).where(holders.c.expires_at <= _at(connection))
            return tuple(_lapsed(connection, holder) for holder in connection.execute(over).scalars().all())

        return await self._database.read(query)

    async def reclaim(self, holder: str, proofs: Sequence[Proof]) -> bool:
        """See ``ports.BudgetStore``."""

        def store(connection: Connection) -> bool:
            row = connection.execute(_holder(holder)).first()
            if row is None or row.expires_at > _at(connection):
                return False
            for proof in sorted(proofs, key=lambda each: each.account):
                lost = written_off(_holding(connection, holder, proof.account), proof)
                _book(connection, proof.account, _locked(connection, proof.account), proof.spent, lost)
            _forget(connection, holder)
            return True

        return await self._database.write(store)

    async def standing(self, account: str) -> Standing:
        """See ``ports.BudgetStore``."""
        return await self._database.read(lambda connection: _standing(connection, account))


def _at(connection: Connection, seconds: float = 0.0) -> datetime:
    """So many seconds from now by the database's clock; SQLite's is that of its machine, which all share."""
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    else:
        now = datetime.now(UTC)
    return now + timedelta(seconds=seconds)


def _holder(holder: str) -> Any:
    return select(holders).where(holders.c.holder == holder).with_for_update()


def _lock_holder(connection: Connection, holder: str) -> None:
    if connection.execute(_holder(holder)).first() is None:
        raise LeaseLost(holder)


def _locked(connection: Connection, account: str) -> Standing:
    """The account as it stands; nobody else changes it until this transaction ends."""
    connection.execute(insert_for(connection.dialect.name, accounts).values(account=account).on_conflict_do_nothing())
    connection.execute(select(accounts.c.account).where(accounts.c.account == account).with_for_update())
    return _standing(connection, account)


def _standing(connection: Connection, account: str) -> Standing:
    row = connection.execute(select(accounts).where(accounts.c.account == account)).first()
    held = map(_as_holding, connection.execute(select(grants).where(grants.c.account == account)))
    leased = sum((each.granted - each.settled for each in held), NOTHING)
    if row is None:
        return Standing(leased=leased)
    return Standing(_spend(row, "spent"), _spend(row, "written_off"), leased)


def _settle(connection: Connection, holder: str, holdings: Iterable[Holding]) -> None:
    for holding in sorted(holdings, key=lambda each: each.account):
        standing, before = _locked(connection, holding.account), _holding(connection, holder, holding.account)
        _book(connection, holding.account, standing, holding.settled - before.settled)
        _keep(connection, holder, holding)


def _book(connection: Connection, account: str, standing: Standing, spent: Spend, lost: Spend = NOTHING) -> None:
    change = _columns("spent", standing.spent + spent) | _columns("written_off", standing.written_off + lost)
    connection.execute(update(accounts).where(accounts.c.account == account).values(change))


def _keep(connection: Connection, holder: str, holding: Holding) -> None:
    amounts = _columns("granted", holding.granted) | _columns("settled", holding.settled)
    row = insert_for(connection.dialect.name, grants).values(account=holding.account, holder=holder, **amounts)
    connection.execute(row.on_conflict_do_update(index_elements=[grants.c.account, grants.c.holder], set_=amounts))


def _holding(connection: Connection, holder: str, account: str) -> Holding:
    query = select(grants).where(grants.c.holder == holder, grants.c.account == account)
    row = connection.execute(query).first()
    return Holding(account, NOTHING) if row is None else _as_holding(row)


def _lapsed(connection: Connection, holder: str) -> Lapsed:
    held = connection.execute(select(grants).where(grants.c.holder == holder).order_by(grants.c.account))
    drawn = select(episodes.c.episode_id, episodes.c.account).where(episodes.c.holder == holder)
    ordered = drawn.order_by(episodes.c.episode_id, episodes.c.account)
    named = tuple((row.episode_id, row.account) for row in connection.execute(ordered))
    return Lapsed(holder, tuple(map(_as_holding, held)), named)


def _forget(connection: Connection, holder: str) -> None:
    tables: tuple[Table, ...] = (grants, episodes, holders)
    for table in tables:
        connection.execute(delete(table).where(table.c.holder == holder))


def _as_holding(row: Row[Any]) -> Holding:
    return Holding(row.account, _spend(row, "granted"), _spend(row, "settled"))


def _spend(row: Row[Any], prefix: str) -> Spend:
    return Spend(*(getattr(row, f"{prefix}_{resource}") for resource in ("usd", "tokens", "calls")))


def _columns(prefix: str, amount: Spend) -> dict[str, Any]:
    return {f"{prefix}_usd": amount.usd, f"{prefix}_tokens": amount.tokens, f"{prefix}_calls": amount.calls}
