"""What a task waits for somebody to decide, and the decision until the task has heard of it, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add both columns; without a default they are cheap on any table."""
    op.add_column("tasks", sa.Column("question", sa.Text()))
    op.add_column("tasks", sa.Column("decision", sa.Text()))
