"""What the caller of a task asks of the language model that answers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; without a default it is cheap on any table."""
    op.add_column("tasks", sa.Column("options", sa.Text()))
