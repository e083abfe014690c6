"""The store on SQLite or PostgreSQL: its parts on one database."""

from __future__ import annotations

from datetime import datetime

from stigmergy.platform.records import Durability
from stigmergy.platform.store.database import Database, our_errors
from stigmergy.platform.store.engines import read_url, reading_engine, shown, writing_engine
from stigmergy.platform.store.migrate import migrate
from stigmergy.platform.store.sql_episodes import SqlEpisodes
from stigmergy.platform.store.sql_journal import SqlJournal
from stigmergy.platform.store.sql_retention import purge
from stigmergy.platform.store.sql_tasks import SqlTasks
from stigmergy.platform.store.sql_trails import SqlTrails


class SqlStore:
    """Implements ``ports.Store``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tasks = SqlTasks(database)
        self.episodes = SqlEpisodes(database)
        self.journal = SqlJournal(database)
        self.trails = SqlTrails(database)

    async def purge(self, before: datetime) -> int:
        """See ``ports.Retention``. Goes in slices, so that other writes get in between."""
        return await purge(self._database, before)

    async def aclose(self) -> None:
        """See ``ports.Store``."""
        await self._database.aclose()


def open_sql(url: str, durability: Durability) -> SqlStore:
    """Bring the tables at ``url`` up to date and open the store.

    Raises:
        StoreUnavailable: the database cannot be reached or the URL names none.
    """
    migrate(url, durability)
    parsed = read_url(url)
    with our_errors(shown(url)):
        return SqlStore(Database(writing_engine(parsed, durability), reading_engine(parsed), shown(url)))
