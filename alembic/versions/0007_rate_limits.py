"""How often sign-ins have failed, counted for all workers together."""

import sqlalchemy as sa

from adapters.sql.types import Moment
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table. It belongs to no space: nobody who is counted has entered one yet."""
    op.create_table(
        "rate_limits",
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="rate_limits_pkey"),
        sqlite_strict=True,
    )
    op.create_index("rate_limits_ends_at_idx", "rate_limits", ["ends_at"])


def downgrade() -> None:
    """Drop the table: everybody begins again."""
    op.drop_table("rate_limits")
