"""What is asked across spaces: indexes for administrators, and a function for the organisations that one is in.

The policies find these by a subquery. A cluster takes none, and calls the function instead.
"""

import sqlalchemy as sa

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

ADMINISTRATORS = sa.text("role = 'admin'")
AT_THE_DOORS = sa.text("outcome != 'success' OR resource_type = 'session' OR resource_type = 'account'")

IS_MINE = """
CREATE FUNCTION taskward_is_mine(the_space uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM memberships m WHERE m.space_id = the_space
        AND m.user_id = nullif(current_setting('app.user_id', true), '')::uuid);
END $$
"""


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
    if op.get_context().dialect.name == "postgresql":
        op.execute(IS_MINE)


def downgrade() -> None:
    """Drop them."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION taskward_is_mine(uuid)")
    op.drop_index("audit_events_of_accounts_idx", "audit_events")
    op.drop_index("users_administrators_idx", "users")
    op.drop_index("users_newest_idx", "users")
