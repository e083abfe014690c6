"""Budgets that processes share, the key of a task and the tenant of an episode.

The tables ``ledger``, ``budgets`` and ``api_keys``, which nothing ever wrote, go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the new tables and columns; their defaults let a server of the version before go on writing."""
    for unused in ("ledger", "budgets", "api_keys"):
        op.drop_table(unused)
    op.add_column("tasks", sa.Column("key_name", TEXT, server_default=sa.text("''"), nullable=False))
    op.add_column("episodes", sa.Column("tenant", TEXT, server_default=sa.text("'local'"), nullable=False))
    op.create_table(
        "budget_accounts",
        sa.Column("account", TEXT, nullable=False),
        *_spend("spent"),
        *_spend("written_off"),
        sa.PrimaryKeyConstraint("account", name="pk_budget_accounts"),
    )
    op.create_table(
        "budget_holders",
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("holder", name="pk_budget_holders"),
    )
    op.create_index("ix_budget_holders_expires_at", "budget_holders", ["expires_at"])
    op.create_table(
        "budget_grants",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        *_spend("granted"),
        *_spend("settled"),
        sa.PrimaryKeyConstraint("account", "holder", name="pk_budget_grants"),
    )
    op.create_index("ix_budget_grants_holder", "budget_grants", ["holder"])
    op.create_table(
        "budget_episodes",
        *(sa.Column(name, TEXT, nullable=False) for name in ("holder", "episode_id", "account")),
        sa.PrimaryKeyConstraint("holder", "episode_id", "account", name="pk_budget_episodes"),
    )


def _spend(prefix: str) -> tuple[sa.Column[int], ...]:
    """USD in nano-dollars, tokens, calls."""
    columns = (f"{prefix}_{resource}" for resource in ("usd", "tokens", "calls"))
    return tuple(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in columns)
