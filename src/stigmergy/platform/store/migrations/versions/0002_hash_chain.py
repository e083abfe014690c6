"""Each event carries the hash of the one before, and each summary that of the last.

What is stored already stays without: it is told apart from what was changed by having no hash at all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add both columns. The default lets a server of the version before go on writing meanwhile."""
    op.add_column("events", sa.Column("previous", TEXT, server_default=sa.text("''"), nullable=False))
    op.add_column("episodes", sa.Column("head", TEXT, server_default=sa.text("''"), nullable=False))
