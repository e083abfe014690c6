"""What a task's router weighs money with, where the task says so."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; without a default it is cheap on any table."""
    op.add_column("tasks", sa.Column("trade_off", sa.Float()))
