"""The service sees which spaces there are, to empty the trash of each when its time is over."""

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None

BEHIND = "space_id > nullif(current_setting('app.spaces_behind', true), '')::uuid"


def upgrade() -> None:
    """Make the policy, on PostgreSQL, which a cluster takes as it is.

    It shows the ids of spaces behind one, and nothing that is in them.
    """
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE POLICY spaces_for_upkeep ON spaces FOR SELECT USING ({BEHIND})")


def downgrade() -> None:
    """Drop it."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP POLICY spaces_for_upkeep ON spaces")
