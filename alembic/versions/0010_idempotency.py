"""What people were answered to requests that carried a key."""

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"


def upgrade() -> None:
    """Make the table, and on PostgreSQL its policy."""
    op.create_table(
        "replies",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "key_hash", name="replies_pkey"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.space_id"], name="replies_space_id_fkey", ondelete="CASCADE"),
        sqlite_strict=True,
    )
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE replies ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE replies FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY replies_of_this_space ON replies USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})")


def downgrade() -> None:
    """Drop the table: a request that is sent again is done again."""
    op.drop_table("replies")
