"""What tasks are ordered and searched by, written down beside them, and an index for each order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapters.sql.types import Id, Moment, Number, PlainOrder, TextList
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

IN_USE = sa.text("deleted_at IS NULL")
IN_TRASH = sa.text("deleted_at IS NOT NULL")
ORDERS = {
    "updated": "updated_at",
    "title": "title_key",
    "priority": "priority_rank",
    "due_ascending": "due_ascending",
    "due_descending": "due_descending",
}
DERIVED: dict[str, tuple[Any, Any]] = {
    "title_key": (PlainOrder, sa.text("''")),
    "description_key": (sa.Text, None),
    "tag_keys": (TextList, None),
    "priority_rank": (sa.Integer, "0"),
    "due_ascending": (Number, "0"),
    "due_descending": (Number, "0"),
}
READ: dict[str, Any] = {
    "space_id": Id,
    "id": Id,
    "title": sa.Text,
    "description": sa.Text,
    "tags": TextList,
    "priority": sa.Text,
    "due_date": Moment,
}
TASKS = sa.table(
    "tasks",
    *(sa.column(name, kind) for name, kind in READ.items()),
    *(sa.column(name, kind) for name, (kind, _) in DERIVED.items()),
)
RANKS = {"low": 0, "medium": 1, "high": 2, "urgent": 3}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 1000


def upgrade() -> None:
    """Add the columns, fill them, and make the indexes."""
    for name, (kind, default) in DERIVED.items():
        op.add_column("tasks", sa.Column(name, kind, nullable=default is None, server_default=default))
    # The owner of the tables is held by the policies, too, as long as they are forced.
    _on_postgres("ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY")
    _fill(op.get_bind())
    _on_postgres("ALTER TABLE tasks FORCE ROW LEVEL SECURITY")
    for name, column in ORDERS.items():
        columns = ["space_id", column, "id"]
        op.create_index(f"tasks_{name}_idx", "tasks", columns, postgresql_where=IN_USE, sqlite_where=IN_USE)
    columns = ["space_id", "deleted_at", "id"]
    op.create_index("tasks_trash_idx", "tasks", columns, postgresql_where=IN_TRASH, sqlite_where=IN_TRASH)


def downgrade() -> None:
    """Drop the indexes and the columns: what was in them stands in the others."""
    for name in (*ORDERS, "trash"):
        op.drop_index(f"tasks_{name}_idx", "tasks")
    for name in reversed(DERIVED):
        op.drop_column("tasks", name)


def _on_postgres(statement: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(statement)


def _fill(connection: sa.Connection) -> None:
    """Go through all tasks in the order of their keys."""
    statement = sa.select(*(TASKS.c[name] for name in READ)).order_by(TASKS.c.space_id, TASKS.c.id).limit(AT_ONCE)
    keys = (TASKS.c.space_id, TASKS.c.id)
    rows = connection.execute(statement).all()
    while rows:
        connection.execute(
            sa.update(TASKS)
            .where(TASKS.c.space_id == sa.bindparam("in_space"), TASKS.c.id == sa.bindparam("with_id"))
            .values({name: sa.bindparam(f"new_{name}", type_=TASKS.c[name].type) for name in DERIVED}),
            [_derived(row) for row in rows],
        )
        last = (rows[-1].space_id, rows[-1].id)
        rows = connection.execute(statement.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last, (Id, Id))))).all()


def _derived(row: Any) -> dict[str, Any]:
    due = None if row.due_date is None else (row.due_date.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    return {
        "in_space": row.space_id,
        "with_id": row.id,
        "new_title_key": row.title.casefold(),
        "new_description_key": None if row.description is None else row.description.casefold(),
        "new_tag_keys": [tag.casefold() for tag in row.tags],
        "new_priority_rank": RANKS[row.priority],
        "new_due_ascending": 2**63 - 1 if due is None else due,
        "new_due_descending": -(2**63) if due is None else due,
    }
