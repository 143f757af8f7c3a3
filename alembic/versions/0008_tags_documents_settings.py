"""Tags, documents and settings. The tags that tasks name already become tags of their spaces."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from adapters.sql.types import Id, Moment, PlainOrder, TextList
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None

THIS_SPACE = "space_id = (SELECT nullif(current_setting('app.space_id', true), '')::uuid)"
TABLES = ("tags", "documents", "settings")
TASKS = sa.table(
    "tasks",
    sa.column("space_id", Id),
    sa.column("id", Id),
    sa.column("tags", TextList),
    sa.column("created_by", Id),
    sa.column("version", sa.Integer),
    sa.column("created_at", Moment),
)


def _table(name: str, key: sa.Column[Any], *columns: sa.Column[Any]) -> sa.Table:
    return op.create_table(
        name,
        sa.Column("space_id", Id, nullable=False),
        key,
        *columns,
        sa.Column("created_by", Id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("space_id", key.name, name=f"{name}_pkey"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.space_id"], name=f"{name}_space_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("version > 0", name=op.f(f"{name}_version_check")),
        sqlite_strict=True,
    )


def upgrade() -> None:
    """Make the tables, fill the one of tags from the tasks, and then guard all three."""
    tags = _table(
        "tags",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", PlainOrder, nullable=False),
        sa.Column("color", sa.Text),
    )
    op.create_index("tags_space_id_name_key_key", "tags", ["space_id", "name_key"], unique=True)
    _table(
        "documents",
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("content", sa.Text),
    )
    op.create_index("documents_newest_idx", "documents", ["space_id", "created_at", "id"])
    _table("settings", sa.Column("key", PlainOrder, nullable=False), sa.Column("value", sa.Text, nullable=False))
    if op.get_context().dialect.name != "postgresql":
        _fill(tags)
        return
    # The policies hold the owner of the tables, too, who would see no task at all. Nobody else gets in meanwhile.
    op.execute("ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY")
    _fill(tags)
    op.execute("ALTER TABLE tasks FORCE ROW LEVEL SECURITY")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_this_space ON {table} USING ({THIS_SPACE}) WITH CHECK ({THIS_SPACE})")


def _fill(tags: sa.Table) -> None:
    """Make a tag of each name, as the oldest task of the space spells it, and have every task spell it so."""
    connection, now = op.get_bind(), datetime.now(UTC)
    made: dict[tuple[Any, str], dict[str, Any]] = {}
    oldest_first = sa.select(TASKS).order_by(TASKS.c.created_at, TASKS.c.id)
    for task in connection.execute(oldest_first).all():
        names: dict[str, str] = {}
        for written in task.tags:
            name = unicodedata.normalize("NFC", written)
            key = unicodedata.normalize("NFC", name.casefold())
            new = {
                "space_id": task.space_id,
                "id": uuid7(),
                "name": name,
                "name_key": key,
                "created_by": task.created_by,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
            names[key] = made.setdefault((task.space_id, key), new)["name"]
        if list(names.values()) != list(task.tags):
            # What clients remember of it is out of date now.
            spelt = {"tags": tuple(names.values()), "version": task.version + 1}
            this = (TASKS.c.space_id == task.space_id, TASKS.c.id == task.id)
            connection.execute(sa.update(TASKS).where(*this).values(spelt))
    if made:
        op.bulk_insert(tags, list(made.values()))


def downgrade() -> None:
    """Drop the tables. Tasks keep the names of their tags."""
    for table in reversed(TABLES):
        op.drop_table(table)
