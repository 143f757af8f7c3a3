"""The logs of spaces, and the seals that show that nobody has touched them."""

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
FOR_ADMINISTRATORS = """
(SELECT current_setting('app.accounts_log', true)) = 'on'
AND (outcome <> 'success' OR resource_type IN ('session', 'account'))
"""
ACTIONS = (
    "'CREATE', 'READ', 'UPDATE', 'DELETE', 'RESTORE', 'PURGE', 'COMPLETE', 'TRANSFER', 'LOGIN', 'LOGOUT', "
    "'REFRESH_REUSE', 'PASSWORD_CHANGE', 'ROLE_CHANGE', 'INVITE', 'JOIN', 'LEAVE'"
)
TABLES = ("audit_events", "audit_seals")


def upgrade() -> None:
    """Make the tables, and let nobody change what is in them."""
    op.create_table(
        "audit_events",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor_id", Id),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("resource_type", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text),
        sa.Column("ip_address", sa.Text),
        sa.Column("user_agent", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("changes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "id", name="audit_events_pkey"),
        sa.CheckConstraint(f"action IN ({ACTIONS})", name=op.f("audit_events_action_check")),
        sa.CheckConstraint("outcome IN ('success', 'denied', 'failed')", name=op.f("audit_events_outcome_check")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_seals",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "position", name="audit_seals_pkey"),
        sqlite_strict=True,
    )
    op.create_index("audit_seals_space_id_event_id_key", "audit_seals", ["space_id", "event_id"], unique=True)
    guard = _guard_postgres if op.get_context().dialect.name == "postgresql" else _guard_sqlite
    for table in TABLES:
        guard(table)


def _guard_postgres(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_of_this_space ON {table} USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})")
    if table == "audit_events":
        op.execute(f"CREATE POLICY audit_events_of_accounts ON {table} FOR SELECT USING ({FOR_ADMINISTRATORS})")


def _guard_sqlite(table: str) -> None:
    # REPLACE removes rows without a word to the trigger for DELETE.
    key = "id" if table == "audit_events" else "position"
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} "  # noqa: S608
        f"WHERE space_id = NEW.space_id AND {key} = NEW.{key}) "
        "BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END"
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END"
        )


def downgrade() -> None:
    """Drop the tables, with everything written in them."""
    for table in reversed(TABLES):
        op.drop_table(table)
