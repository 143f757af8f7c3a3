"""Where a session began: the device and the address that its owner recognises it by."""

import sqlalchemy as sa

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("ip_address", "user_agent"):
        op.add_column("sessions", sa.Column(name, sa.Text))


def downgrade() -> None:
    """Drop them."""
    for name in ("ip_address", "user_agent"):
        op.drop_column("sessions", name)
