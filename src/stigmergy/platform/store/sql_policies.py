"""Policies in the tables ``policies``, ``policy_artifacts`` and ``policy_shadows``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from stigmergy.errors import PolicyNotFound
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Shadowed, Stage
from stigmergy.platform.store.database import Database
from stigmergy.platform.store.policy_moves import moved, registered, replaced_by
from stigmergy.platform.store.policy_rows import policy_record, policy_row, shadow_record, shadow_row
from stigmergy.platform.store.tables import policies as table
from stigmergy.platform.store.tables import policy_artifacts as artifacts
from stigmergy.platform.store.tables import policy_shadows as shadows
from stigmergy.platform.store.upsert import insert_for

_SERVING = tuple(stage.value for stage in Stage if stage.serves)
_IN_ORDER = (table.c.router, table.c.version.desc())


class SqlPolicies:
    """Implements ``ports.PolicyStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, policy: NewPolicy, artifact: bytes, at: datetime) -> PolicyRecord:
        """See ``ports.PolicyStore``."""

        def store(connection: Connection) -> PolicyRecord:
            known = _locked(connection, policy.router)
            record = registered(known, policy, at)
            if record in known:
                return record
            kept = insert_for(connection.dialect.name, artifacts).on_conflict_do_nothing()
            connection.execute(kept, {"fingerprint": policy.fingerprint, "content": artifact})
            connection.execute(table.insert(), policy_row(record))
            return record

        return await self._database.write(store)

    async def get(self, router: str, version: int) -> PolicyRecord:
        """See ``ports.PolicyStore``."""
        query = select(table).where(table.c.router == router, table.c.version == version)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise PolicyNotFound(f"{router}@{version}")
        return policy_record(row)

    async def list(self, router: str | None = None) -> tuple[PolicyRecord, ...]:
        """See ``ports.PolicyStore``."""
        query = select(table).order_by(*_IN_ORDER)
        return await self._records(query if router is None else query.where(table.c.router == router))

    async def serving(self) -> tuple[PolicyRecord, ...]:
        """See ``ports.PolicyStore``."""
        return await self._records(select(table).where(table.c.stage.in_(_SERVING)).order_by(*_IN_ORDER))

    async def artifact(self, fingerprint: str) -> bytes:
        """See ``ports.PolicyStore``."""
        query = select(artifacts.c.content).where(artifacts.c.fingerprint == fingerprint)
        content = await self._database.read(lambda connection: connection.execute(query).scalar())
        if content is None:
            raise PolicyNotFound(fingerprint)
        return bytes(content)

    async def move(self, router: str, version: int, move: Move, at: datetime) -> PolicyRecord:
        """See ``ports.PolicyStore``."""

        def store(connection: Connection) -> PolicyRecord:
            known = _locked(connection, router)
            record = next((each for each in known if each.version == version), None)
            if record is None:
                raise PolicyNotFound(f"{router}@{version}")
            changed = moved(record, known, move, at)
            for each in (*replaced_by(changed, known, at), changed):
                here = (table.c.router == router) & (table.c.version == each.version)
                connection.execute(update(table).where(here).values(policy_row(each)))
            return changed

        return await self._database.write(store)

    async def note_shadows(self, noted: Sequence[Shadowed]) -> None:
        """See ``ports.PolicyStore``."""
        rows = [shadow_row(each) for each in noted]

        def store(connection: Connection) -> None:
            connection.execute(insert_for(connection.dialect.name, shadows).on_conflict_do_nothing(), rows)

        if rows:
            await self._database.write(store)

    async def shadowed(self, policy: str, limit: int = 20_000) -> tuple[Shadowed, ...]:
        """See ``ports.PolicyStore``."""
        mine = select(shadows).where(shadows.c.policy == policy)
        query = mine.order_by(shadows.c.episode_id, shadows.c.seq).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(shadow_record(row) for row in rows)

    async def _records(self, query: Any) -> tuple[PolicyRecord, ...]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(policy_record(row) for row in rows)


def _locked(connection: Connection, router: str) -> tuple[PolicyRecord, ...]:
    """The policies of a router; nobody else changes one of them before this transaction ends."""
    query = select(table).where(table.c.router == router).order_by(*_IN_ORDER).with_for_update()
    return tuple(policy_record(row) for row in connection.execute(query).mappings())
