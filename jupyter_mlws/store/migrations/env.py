"""Run by Alembic: upgrades the tables over the connection that `schema.migrate` hands in, inside its transaction."""

from alembic import context

from jupyter_mlws.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters tables by copying them.
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
