"""The store on SQLite or PostgreSQL: its parts on one database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, union

from stigmergy.domain import EpisodeId
from stigmergy.platform.records import Durability
from stigmergy.platform.store.database import Database, our_errors
from stigmergy.platform.store.engines import prompt_engine, read_url, reading_engine, shown, writing_engine
from stigmergy.platform.store.migrate import migrate
from stigmergy.platform.store.sql_approvals import SqlApprovals
from stigmergy.platform.store.sql_budgets import SqlBudgets
from stigmergy.platform.store.sql_episodes import SqlEpisodes
from stigmergy.platform.store.sql_journal import SqlJournal
from stigmergy.platform.store.sql_policies import SqlPolicies
from stigmergy.platform.store.sql_retention import purge
from stigmergy.platform.store.sql_tasks import SqlTasks
from stigmergy.platform.store.sql_trails import SqlTrails
from stigmergy.platform.store.tables import episodes, events


class SqlStore:
    """Implements ``ports.Store``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tasks = SqlTasks(database)
        self.approvals = SqlApprovals(database)
        self.episodes = SqlEpisodes(database)
        self.journal = SqlJournal(database)
        self.trails = SqlTrails(database)
        self.budgets = SqlBudgets(database)
        self.policies = SqlPolicies(database)

    async def purge(self, before: datetime) -> int:
        """See ``ports.Retention``. Goes in slices, so that other writes get in between."""
        return await purge(self._database, before)

    async def recorded(self, after: EpisodeId = "", limit: int = 1000) -> tuple[EpisodeId, ...]:
        """See ``ports.Store``."""
        # The limit is for each part, too: without it each page would gather every id that is left.
        parts = (
            select(column).where(column > after).distinct().order_by(column).limit(limit).subquery()
            for column in (episodes.c.id, events.c.episode_id)
        )
        found = union(*(select(*part.c) for part in parts)).subquery()
        (column,) = found.c
        query = select(column).order_by(column).limit(limit)
        return tuple(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

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
        writing, prompt = writing_engine(parsed, durability), prompt_engine(parsed, durability)
        return SqlStore(Database(writing, reading_engine(parsed), shown(url), prompt))
