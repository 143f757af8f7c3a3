"""Accounts, sessions, spaces and tasks."""

import sqlalchemy as sa

from adapters.sql.types import Flag, Id, Moment, TextList
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

IN_USE = sa.text("deleted_at IS NULL")

EXPECT = """
CREATE FUNCTION taskward_expect(
    the_session uuid, the_user uuid, the_space uuid, the_role text, at timestamptz
) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN memberships m ON m.user_id = u.id AND m.space_id = the_space
        WHERE s.id = the_session AND s.user_id = the_user AND s.revoked_at IS NULL
          AND s.expires_at > at AND u.is_active AND m.role = the_role;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not as expected' USING ERRCODE = 'TW001';
    END IF;
END $$
"""


def upgrade() -> None:
    """Make the tables, and on PostgreSQL the function that checks an entry on the way in."""
    op.create_table(
        "users",
        sa.Column("id", Id, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("full_name", sa.Text),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("is_active", Flag, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
        sa.CheckConstraint("role IN ('user', 'admin')", name=op.f("users_role_check")),
        sqlite_strict=True,
    )
    op.create_index("users_email_key_key", "users", ["email_key"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("last_used_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("revoked_at", Moment),
        sa.PrimaryKeyConstraint("id", name="sessions_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="sessions_user_id_fkey", ondelete="CASCADE"),
        sqlite_strict=True,
    )
    op.create_index("sessions_user_id_idx", "sessions", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("successor", sa.LargeBinary),
        sa.Column("replaced_at", Moment),
        sa.PrimaryKeyConstraint("hash", name="refresh_tokens_pkey"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="refresh_tokens_session_id_fkey", ondelete="CASCADE"
        ),
        sqlite_strict=True,
    )
    op.create_index("refresh_tokens_session_id_idx", "refresh_tokens", ["session_id"])
    op.create_table(
        "spaces",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("space_id", name="spaces_pkey"),
        sqlite_strict=True,
    )
    op.create_table(
        "memberships",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("joined_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "user_id", name="memberships_pkey"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.space_id"], name="memberships_space_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="memberships_user_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("role IN ('viewer', 'member', 'admin', 'owner')", name=op.f("memberships_role_check")),
        sqlite_strict=True,
    )
    op.create_index("memberships_user_id_idx", "memberships", ["user_id"])
    op.create_table(
        "tasks",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("due_date", Moment),
        sa.Column("tags", TextList, nullable=False),
        sa.Column("assignee_id", Id),
        sa.Column("created_by", Id, nullable=False),
        sa.Column("completed_at", Moment),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("deleted_at", Moment),
        sa.PrimaryKeyConstraint("space_id", "id", name="tasks_pkey"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.space_id"], name="tasks_space_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["space_id", "assignee_id"],
            ["memberships.space_id", "memberships.user_id"],
            name="tasks_space_id_assignee_id_fkey",
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'in_progress', 'completed', 'cancelled')", name=op.f("tasks_status_check")
        ),
        sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f("tasks_priority_check")),
        sa.CheckConstraint(
            "(completed_at IS NOT NULL) = (status = 'completed')", name=op.f("tasks_completed_at_check")
        ),
        sa.CheckConstraint("version > 0", name=op.f("tasks_version_check")),
        sqlite_strict=True,
    )
    op.create_index(
        "tasks_newest_idx",
        "tasks",
        ["space_id", "created_at", "id"],
        postgresql_where=IN_USE,
        sqlite_where=IN_USE,
    )
    op.create_index(
        "tasks_status_idx",
        "tasks",
        ["space_id", "status", "created_at", "id"],
        postgresql_where=IN_USE,
        sqlite_where=IN_USE,
    )
    op.create_index("tasks_assignee_idx", "tasks", ["space_id", "assignee_id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(EXPECT)


def downgrade() -> None:
    """Drop it all."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION taskward_expect(uuid, uuid, uuid, text, timestamptz)")
    for table in ("tasks", "memberships", "spaces", "refresh_tokens", "sessions", "users"):
        op.drop_table(table)
