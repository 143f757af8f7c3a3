"""The address that an invitation is bound to."""

import sqlalchemy as sa

from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column. Existing invitations are bound to no address."""
    op.add_column("invitations", sa.Column("email", sa.Text))


def downgrade() -> None:
    """Drop the column. Invitations that are bound to an address would be open to every holder, so they go."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE invitations NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM invitations WHERE email IS NOT NULL")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE invitations FORCE ROW LEVEL SECURITY")
    op.drop_column("invitations", "email")
