"""Spaces are marked as removed, and what is in them goes behind. So does what people leave who close their account.

The way down removes marked spaces at once, and takes tasks from people who are no members: the key asks for that.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa

from adapters.sql.types import Id, Moment
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
SHOWN = "nullif(current_setting('app.removals_behind', true), '')::uuid"
# Written so that the index of removed spaces does not answer it: whoever asks for something else should not read that.
REMOVED_ONES = f"space_id > CASE WHEN removed_at IS NOT NULL THEN {SHOWN} END"
KEY = "tasks_space_id_assignee_id_fkey"
ON_SQLITE = f"CONSTRAINT {KEY} FOREIGN KEY(space_id, assignee_id) REFERENCES memberships (space_id, user_id), "
BEFORE = "CONSTRAINT tasks_status_check"
TAKE_FROM_STRANGERS = """
UPDATE tasks SET assignee_id = NULL, version = version + 1
WHERE assignee_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM memberships m WHERE m.space_id = tasks.space_id AND m.user_id = tasks.assignee_id
)
"""
REMOVED = ("tasks", "tags", "documents", "settings", "replies", "spaces")
MARKED = (
    sa.select(sa.column("space_id"))
    .select_from(sa.table("spaces"))
    .where(sa.column("removed_at").is_not(None))
    .subquery()
)


def upgrade() -> None:
    """Make the mark and the table, and let memberships end before the tasks that name them."""
    op.add_column("spaces", sa.Column("removed_at", Moment))
    is_removed = sa.text("removed_at IS NOT NULL")
    op.create_index("spaces_removed_idx", "spaces", ["space_id"], postgresql_where=is_removed, sqlite_where=is_removed)
    op.create_table(
        "departures",
        sa.Column("space_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "user_id", name="departures_pkey"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.space_id"], name="departures_space_id_fkey", ondelete="CASCADE"),
        sqlite_strict=True,
    )
    if _is_sqlite():
        _write_tasks_anew(lambda sql: re.sub(rf"CONSTRAINT {KEY} [^,]+,[^,]+,[^,]+, \s*", "", sql))
        return
    op.drop_constraint(KEY, "tasks", type_="foreignkey")
    for statement in (
        "ALTER TABLE departures ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE departures FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY departures_of_this_space ON departures USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})",
        f"CREATE POLICY departures_for_upkeep ON departures FOR SELECT USING (space_id > {SHOWN})",
        f"CREATE POLICY spaces_removed ON spaces FOR SELECT USING ({REMOVED_ONES})",
    ):
        op.execute(statement)


def downgrade() -> None:
    """Do now what the marks were for, and take them back."""
    _hold_policies("NO FORCE")
    if not _is_sqlite():
        op.execute("DROP POLICY spaces_removed ON spaces")
    for name in REMOVED:
        table = sa.table(name, sa.column("space_id"))
        op.execute(sa.delete(table).where(table.c.space_id.in_(sa.select(MARKED.c.space_id))))
    op.execute(TAKE_FROM_STRANGERS)
    op.drop_table("departures")
    op.drop_index("spaces_removed_idx", "spaces")
    op.drop_column("spaces", "removed_at")
    if _is_sqlite():
        _write_tasks_anew(lambda sql: sql.replace(BEFORE, f"{ON_SQLITE}\n\t{BEFORE}"))
    else:
        columns = ["space_id", "assignee_id"]
        op.create_foreign_key(KEY, "tasks", "memberships", columns, ["space_id", "user_id"])
    _hold_policies("FORCE")


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _hold_policies(force: str) -> None:
    """The owner of the tables is held by the policies, too, as long as they are forced."""
    if not _is_sqlite():
        for table in (*REMOVED, "memberships"):
            op.execute(f"ALTER TABLE {table} {force} ROW LEVEL SECURITY")


def _write_tasks_anew(change: Callable[[str], str]) -> None:
    """Change how the table is described, and none of its rows: how SQLite's manual adds and removes a foreign key.

    The way that works for everything else copies the whole table.
    """
    connection = op.get_bind()
    schema = sa.table("sqlite_master", sa.column("name"), sa.column("type"), sa.column("sql"))
    this = (schema.c.type == "table", schema.c.name == "tasks")
    described = connection.execute(sa.select(schema.c.sql).where(*this)).scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(sa.update(schema).where(*this).values(sql=change(described)))
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
