"""A queue of the events that no seal vouches for yet: they are found without reading the log."""

import sqlalchemy as sa

from adapters.sql.types import Id
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
LEFT = "event_id < nullif(current_setting('app.unsealed_before', true), '')::uuid"
FILL = """
INSERT INTO unsealed_events (space_id, event_id)
SELECT e.space_id, e.id FROM audit_events e
LEFT JOIN audit_seals s ON s.space_id = e.space_id AND s.event_id = e.id
WHERE s.event_id IS NULL
"""
READ = ("audit_events", "audit_seals")


def upgrade() -> None:
    """Make the table, and enter the events that have no seal."""
    op.create_table(
        "unsealed_events",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "event_id", name="unsealed_events_pkey"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    # The policies hold the owner of the tables, too, as long as they are forced.
    _on_postgres(*(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in READ))
    op.execute(FILL)
    _on_postgres(
        *(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in READ),
        "ALTER TABLE unsealed_events ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE unsealed_events FORCE ROW LEVEL SECURITY",
        "CREATE POLICY unsealed_events_of_this_space ON unsealed_events "
        f"USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})",
        f"CREATE POLICY unsealed_events_left ON unsealed_events FOR SELECT USING ({LEFT})",
    )


def downgrade() -> None:
    """Drop the table: the version before reads the log for what has no seal."""
    op.drop_table("unsealed_events")


def _on_postgres(*statements: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)
