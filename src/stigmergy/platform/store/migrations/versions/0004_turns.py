"""When the turn of a waiting task counts from: its age and its priority in one column."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column. It stays empty where a server of the version before writes: age alone counts there."""
    op.add_column("tasks", sa.Column("turn_at", sa.DateTime(timezone=True)))
