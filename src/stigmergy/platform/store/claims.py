"""Whose turn it is among the tasks that wait, in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from stigmergy.platform.store.tables import UNFINISHED
from stigmergy.platform.store.tables import tasks as table

_TURN_AT = func.coalesce(table.c.turn_at, table.c.created_at)


def nobodys(now: datetime) -> ColumnElement[bool]:
    """Unfinished, and without a lease in force."""
    expires = table.c.lease_expires_at
    return table.c.status.in_(UNFINISHED) & (expires.is_(None) | (expires < now))


def turns(now: datetime, limit: int) -> Select[Any]:
    """Ids of the next ``limit`` tasks in turn, locked; rows that another claimer has locked are passed over.

    The k-th waiting task of a tenant that holds h comes at place h + k: filling places from below is max-min fair.
    """
    held = _held(now)
    of_tenant = func.row_number().over(partition_by=table.c.tenant, order_by=(_TURN_AT, table.c.id))
    waiting = select(table.c.id, table.c.tenant, of_tenant.label("nth")).where(nobodys(now)).subquery()
    place = waiting.c.nth + func.coalesce(held.c.tasks, 0)
    return (
        select(table.c.id)
        .join(waiting, waiting.c.id == table.c.id)
        .outerjoin(held, held.c.tenant == waiting.c.tenant)
        # Once more for the row itself: PostgreSQL looks again at what another claimer has changed meanwhile.
        .where(nobodys(now))
        .order_by(place, _TURN_AT, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    )


def _held(now: datetime) -> Any:
    """How many tasks of each tenant somebody holds."""
    return (
        select(table.c.tenant, func.count().label("tasks"))
        .where(table.c.status.in_(UNFINISHED), table.c.lease_expires_at >= now)
        .group_by(table.c.tenant)
        .subquery()
    )
