"""Runs migrations on the connection that `hub.migrate` gives; there is no other way in."""

from alembic import context

from hub.tables import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter most things of a table in place: batch mode copies it.
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
