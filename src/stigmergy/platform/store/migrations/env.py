"""Alembic's entry: runs in the transaction that ``store.migrate`` opened."""

from alembic import context

from stigmergy.platform.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
