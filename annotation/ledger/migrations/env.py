"""Run by alembic: migrates over the connection, and within the transaction, of whoever opens the ledger."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
