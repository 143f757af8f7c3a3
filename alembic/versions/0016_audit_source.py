"""Events say on whose behalf something was done: of a user, of the operator, or of the service itself.

Events that are there already do not say it, and keep their seals. After a downgrade the seals of newer events do not
hold any more: they vouch for what was dropped.
"""

from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column."""
    op.execute(
        "ALTER TABLE audit_events ADD COLUMN source TEXT "
        "CONSTRAINT audit_events_source_check CHECK (source IN ('user', 'operator', 'service'))"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE audit_events DROP COLUMN source")
