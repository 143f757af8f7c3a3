"""How Alembic reaches the database: on the connection that ``adapters.sql.migrations`` hands over."""

from adapters.sql.tables import metadata
from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
