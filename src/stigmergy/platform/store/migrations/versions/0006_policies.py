"""Policies with their artifacts and stages, and which policy routed an episode.

The table ``policies`` of the first version, which nothing ever wrote, goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the new tables and the new column; its default lets a server of the version before go on writing."""
    op.drop_table("policies")
    op.create_table(
        "policies",
        sa.Column("router", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("stage", "reason", "fingerprint")),
        sa.Column("share", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("document", "metrics", "lineage")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "changed_at")),
        sa.Column("activated_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("router", "version", name="pk_policies"),
    )
    op.create_table(
        "policy_artifacts",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_policy_artifacts"),
    )
    op.create_table(
        "policy_shadows",
        *(sa.Column(name, TEXT, nullable=False) for name in ("policy", "episode_id")),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("probabilities", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "episode_id", "seq", name="pk_policy_shadows"),
    )
    op.create_index("ix_policy_shadows_episode_id", "policy_shadows", ["episode_id"])
    op.add_column("episodes", sa.Column("policy", TEXT, server_default=sa.text("''"), nullable=False))
    op.create_index("ix_episodes_policy_finished_at", "episodes", ["policy", "finished_at"])
