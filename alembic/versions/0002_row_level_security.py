"""Row-level security on PostgreSQL: a transaction sees the rows of one space, whatever its statements say."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

# On a connection that is used again the setting reads '' instead of NULL, hence nullif.
THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
MYSELF = "user_id = (SELECT nullif(current_setting('app.user_id', true), '')::uuid)"


def upgrade() -> None:
    """Force a policy on every table that belongs to spaces."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table in ("spaces", "memberships", "tasks"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_this_space ON {table} USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})")
    op.execute(f"CREATE POLICY memberships_of_mine ON memberships FOR SELECT USING ({MYSELF})")


def downgrade() -> None:
    """Take the policies back."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("DROP POLICY memberships_of_mine ON memberships")
    for table in ("spaces", "memberships", "tasks"):
        op.execute(f"DROP POLICY {table}_of_this_space ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
