"""The tables (ARCHITECTURE section 8). A change here needs a new step in ``migrations/versions``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    or_,
    text,
)
from sqlalchemy.schema import SchemaItem

from stigmergy.domain import Status
from stigmergy.platform.store.column_types import AnyText, JsonText, Nano, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared INTEGER.
_ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def _needed(name: str, kind: Any, *constraints: SchemaItem, **options: Any) -> Column[Any]:
    return Column(name, kind, *constraints, nullable=False, **options)


def _counter(name: str) -> Column[Any]:
    return _needed(name, BigInteger, server_default=text("0"))


UNFINISHED = tuple(status.value for status in Status if not status.ended)
"""What the column ``status`` of a task says before its end."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", AnyText, primary_key=True),
    _needed("tenant", AnyText),
    _needed("key_name", AnyText, server_default=text("''")),
    Column("idempotency_key", AnyText),
    _needed("body_hash", AnyText),
    _needed("text", AnyText),
    _needed("graph", AnyText),
    _needed("router", AnyText),
    Column("trade_off", Float),
    _needed("messages", JsonText),
    _needed("budget", JsonText),
    Column("task_type", AnyText),
    Column("reference", AnyText),
    _needed("labels", JsonText),
    Column("options", JsonText),
    _needed("created_at", UtcTime),
    _needed("updated_at", UtcTime),
    _needed("status", AnyText),
    _needed("reason", AnyText),
    Column("answer", AnyText),
    Column("result", AnyText),
    Column("episode_id", AnyText),
    _needed("priority", Integer, server_default=text("0")),
    Column("turn_at", UtcTime),
    _needed("attempts", Integer, server_default=text("0")),
    _needed("cancel_requested", Boolean, server_default=false()),
    Column("question", JsonText),
    Column("decision", JsonText),
    Column("lease_owner", AnyText),
    Column("lease_expires_at", UtcTime),
    _counter("lease_epoch"),
    UniqueConstraint("tenant", "idempotency_key"),
    Index(None, "created_at", "id"),
    Index(None, "status", "updated_at"),
    Index(None, "episode_id"),
)

IS_UNFINISHED = or_(*(tasks.c.status == status for status in UNFINISHED))
"""Plain comparisons: the list of an IN is spelled anew at each run."""

events = Table(
    "events",
    metadata,
    Column("episode_id", AnyText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _needed("kind", AnyText),
    _needed("payload", AnyText),
    _needed("v", Integer),
    _needed("at", UtcTime),
    _needed("previous", AnyText, server_default=text("''")),
)

episodes = Table(
    "episodes",
    metadata,
    Column("id", AnyText, primary_key=True),
    _needed("task_id", AnyText),
    _needed("graph", AnyText),
    _needed("router", AnyText),
    Column("task_type", AnyText),
    _needed("status", AnyText),
    _needed("reason", AnyText),
    _needed("route", JsonText),
    Column("answer", AnyText),
    _needed("usage", JsonText),
    _needed("charged_usd", Nano),
    _needed("reroutes", Integer),
    _needed("failures", JsonText),
    _needed("dropped", JsonText),
    _needed("control_llm_calls", Integer),
    Column("quality", Float),
    _needed("started_at", UtcTime),
    _needed("finished_at", UtcTime),
    _needed("tenant", AnyText, server_default=text("'local'")),
    _needed("head", AnyText, server_default=text("''")),
    _needed("policy", AnyText, server_default=text("''")),
    Index(None, "finished_at", "id"),
    Index(None, "policy", "finished_at"),
    Index(None, "task_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    _needed("episode_id", AnyText, ForeignKey("episodes.id", ondelete="CASCADE")),
    _needed("quality", Float),
    _needed("source", AnyText),
    Column("comment", AnyText),
    _needed("at", UtcTime),
    Index(None, "episode_id"),
)


def _spend(prefix: str) -> tuple[Column[Any], ...]:
    """An amount of every budgeted resource, in three columns."""
    usd = _needed(f"{prefix}_usd", Nano, server_default=text("0"))
    return usd, _counter(f"{prefix}_tokens"), _counter(f"{prefix}_calls")


budget_accounts = Table(
    "budget_accounts",
    metadata,
    Column("account", AnyText, primary_key=True),
    *_spend("spent"),
    *_spend("written_off"),
)

budget_holders = Table(
    "budget_holders",
    metadata,
    Column("holder", AnyText, primary_key=True),
    _needed("expires_at", UtcTime),
    Index(None, "expires_at"),
)

budget_grants = Table(
    "budget_grants",
    metadata,
    Column("account", AnyText, primary_key=True),
    Column("holder", AnyText, primary_key=True),
    *_spend("granted"),
    *_spend("settled"),
    Index(None, "holder"),
)

budget_episodes = Table(
    "budget_episodes",
    metadata,
    Column("holder", AnyText, primary_key=True),
    Column("episode_id", AnyText, primary_key=True),
    Column("account", AnyText, primary_key=True),
)

policies = Table(
    "policies",
    metadata,
    Column("router", AnyText, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _needed("stage", AnyText),
    _needed("share", Float),
    _needed("reason", AnyText),
    _needed("fingerprint", AnyText),
    _needed("document", JsonText),
    _needed("metrics", JsonText),
    _needed("lineage", JsonText),
    _needed("created_at", UtcTime),
    _needed("changed_at", UtcTime),
    Column("activated_at", UtcTime),
)

policy_artifacts = Table(
    "policy_artifacts",
    metadata,
    Column("fingerprint", AnyText, primary_key=True),
    _needed("content", LargeBinary),
)

policy_shadows = Table(
    "policy_shadows",
    metadata,
    Column("policy", AnyText, primary_key=True),
    Column("episode_id", AnyText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _needed("probabilities", JsonText),
    Index(None, "episode_id"),
)

graphs = Table(
    "graphs",
    metadata,
    Column("hash", AnyText, primary_key=True),
    _needed("document", AnyText),
)

trails = Table(
    "trails",
    metadata,
    Column("name", AnyText, primary_key=True),
    _needed("version", BigInteger),
    _needed("document", AnyText),
)
