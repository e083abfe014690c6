"""The first tables.

Types are spelled out here and not taken from ``store.tables``: a migration stays as it was when the tables go on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JSON_TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
NANO_USD = sa.BigInteger()
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _tasks()
    _events()
    _episodes()
    _feedback()
    _ledger()
    _budgets()
    _policies()
    _api_keys()
    _graphs()
    _trails()


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("idempotency_key", TEXT, nullable=True),
        sa.Column("body_hash", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("graph", TEXT, nullable=False),
        sa.Column("router", TEXT, nullable=False),
        sa.Column("messages", JSON_TEXT, nullable=False),
        sa.Column("budget", JSON_TEXT, nullable=False),
        sa.Column("task_type", TEXT, nullable=True),
        sa.Column("reference", TEXT, nullable=True),
        sa.Column("labels", JSON_TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("answer", TEXT, nullable=True),
        sa.Column("result", TEXT, nullable=True),
        sa.Column("episode_id", TEXT, nullable=True),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_expires_at", TIME, nullable=True),
        sa.Column("lease_epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_tasks_tenant_idempotency_key"),
    )
    op.create_index("ix_tasks_created_at_id", "tasks", ["created_at", "id"])
    op.create_index("ix_tasks_episode_id", "tasks", ["episode_id"])
    op.create_index("ix_tasks_status_updated_at", "tasks", ["status", "updated_at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("episode_id", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("episode_id", "seq", name="pk_events"),
    )


def _episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("task_id", TEXT, nullable=False),
        sa.Column("graph", TEXT, nullable=False),
        sa.Column("router", TEXT, nullable=False),
        sa.Column("task_type", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("route", JSON_TEXT, nullable=False),
        sa.Column("answer", TEXT, nullable=True),
        sa.Column("usage", JSON_TEXT, nullable=False),
        sa.Column("charged_usd", NANO_USD, nullable=False),
        sa.Column("reroutes", sa.Integer(), nullable=False),
        sa.Column("failures", JSON_TEXT, nullable=False),
        sa.Column("dropped", JSON_TEXT, nullable=False),
        sa.Column("control_llm_calls", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=True),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
    )
    op.create_index("ix_episodes_finished_at_id", "episodes", ["finished_at", "id"])
    op.create_index("ix_episodes_task_id", "episodes", ["task_id"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("episode_id", TEXT, nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name="fk_feedback_episode_id_episodes", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_episode_id", "feedback", ["episode_id"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entry", TEXT, nullable=False),
        sa.Column("reservation", TEXT, nullable=False),
        sa.Column("episode_id", TEXT, nullable=True),
        sa.Column("usd", NANO_USD, nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_account_at", "ledger", ["account", "at"])
    op.create_index("ix_ledger_reservation", "ledger", ["reservation"])


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=True),
        sa.Column("max_usd", NANO_USD, nullable=True),
        sa.Column("max_tokens", sa.BigInteger(), nullable=True),
        sa.Column("max_calls", sa.BigInteger(), nullable=True),
        sa.Column("spent_usd", NANO_USD, server_default=sa.text("0"), nullable=False),
        sa.Column("spent_tokens", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("spent_calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("written_off_usd", NANO_USD, server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["budgets.account"], name="fk_budgets_parent_budgets"),
        sa.PrimaryKeyConstraint("account", name="pk_budgets"),
    )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("router", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("metrics", JSON_TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_policies"),
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("key_hash", name="pk_api_keys"),
    )


def _graphs() -> None:
    op.create_table(
        "graphs",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_graphs"),
    )


def _trails() -> None:
    op.create_table(
        "trails",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_trails"),
    )
