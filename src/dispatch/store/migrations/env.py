"""What Alembic runs: the steps that are missing, in the transaction that store/opening.py has begun."""

from alembic import context

from dispatch.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite can hardly alter a table: a step that does copies it into a new one.
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
