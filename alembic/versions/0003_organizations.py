"""Organisations and invitations."""

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
ONE_OF_MINE = """
EXISTS (SELECT FROM memberships m WHERE m.space_id = organizations.space_id
    AND m.user_id = (SELECT nullif(current_setting('app.user_id', true), '')::uuid))
"""


def upgrade() -> None:
    """Make the tables, and on PostgreSQL their policies."""
    op.create_table(
        "organizations",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("space_id", name="organizations_pkey"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.space_id"], name="organizations_space_id_fkey", ondelete="CASCADE"
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "invitations",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_by", Id, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.PrimaryKeyConstraint("space_id", "id", name="invitations_pkey"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["organizations.space_id"], name="invitations_space_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("role IN ('viewer', 'member', 'admin', 'owner')", name=op.f("invitations_role_check")),
        sqlite_strict=True,
    )
    op.create_index("invitations_space_id_token_hash_key", "invitations", ["space_id", "token_hash"], unique=True)
    if op.get_context().dialect.name != "postgresql":
        return
    for table in ("organizations", "invitations"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_this_space ON {table} USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})")
    op.execute(f"CREATE POLICY organizations_of_mine ON organizations FOR SELECT USING ({ONE_OF_MINE})")


def downgrade() -> None:
    """Drop the tables; organisations' spaces, and everything in them, go with them."""
    op.execute("DELETE FROM spaces WHERE space_id IN (SELECT space_id FROM organizations)")
    op.drop_table("invitations")
    op.drop_table("organizations")
