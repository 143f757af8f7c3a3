"""Ways back into accounts whose password is forgotten: one for each account, known by the hash of its token."""

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "password_resets",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="password_resets_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="password_resets_user_id_fkey", ondelete="CASCADE"),
        sqlite_strict=True,
    )
    op.create_index("password_resets_token_hash_key", "password_resets", ["token_hash"], unique=True)


def downgrade() -> None:
    """Drop it: every open way back is closed."""
    op.drop_table("password_resets")
