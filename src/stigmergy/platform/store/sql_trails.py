"""Trail checkpoints in the table ``trails``."""

from __future__ import annotations

from sqlalchemy import Connection, select

from stigmergy.platform.store.database import Database
from stigmergy.platform.store.tables import trails as table
from stigmergy.platform.store.upsert import insert_for


class SqlTrails:
    """Implements ``ports.TrailStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, name: str, version: int, document: str) -> None:
        """See ``ports.TrailStore``."""

        def store(connection: Connection) -> None:
            statement = insert_for(connection.dialect.name, table).values(name=name, version=version, document=document)
            new = statement.excluded
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[table.c.name],
                    set_={"version": new.version, "document": new.document},
                    where=table.c.version <= new.version,
                )
            )

        await self._database.write(store)

    async def load(self, name: str) -> tuple[int, str] | None:
        """See ``ports.TrailStore``."""
        query = select(table.c.version, table.c.document).where(table.c.name == name)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else (row.version, row.document)
