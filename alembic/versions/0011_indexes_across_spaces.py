"""Indexes for what administrators ask about everybody: accounts, administrators, what happened at the doors."""

import sqlalchemy as sa

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

ADMINISTRATORS = sa.text("role = 'admin'")
AT_THE_DOORS = sa.text("outcome != 'success' OR resource_type = 'session' OR resource_type = 'account'")


def upgrade() -> None:
    """Make them."""
    op.create_index("users_newest_idx", "users", ["created_at", "id"])
    op.create_index(
        "users_administrators_idx", "users", ["id"], postgresql_where=ADMINISTRATORS, sqlite_where=ADMINISTRATORS
    )
    op.create_index(
        "audit_events_of_accounts_idx",
        "audit_events",
        ["id"],
        postgresql_where=AT_THE_DOORS,
        sqlite_where=AT_THE_DOORS,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("audit_events_of_accounts_idx", "audit_events")
    op.drop_index("users_administrators_idx", "users")
    op.drop_index("users_newest_idx", "users")
