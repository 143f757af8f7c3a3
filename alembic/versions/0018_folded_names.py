"""Names of tags in one form, and the text that tasks are searched by without regard to case and accents.

Tags whose names are equal now become one: the oldest stays, with its colour, and tasks name it. A merge is not undone
by the way down, which writes the former keys of the names that there are.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from adapters.sql.types import Id, Moment, PlainOrder, TextList
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None

AT_ONCE = 1000
UNIQUE = "tags_space_id_name_key_key"
TASKS = sa.table(
    "tasks",
    sa.column("space_id", Id),
    sa.column("id", Id),
    sa.column("title", sa.Text),
    sa.column("description", sa.Text),
    sa.column("tags", TextList),
    sa.column("version", sa.Integer),
    sa.column("tag_keys", TextList),
    sa.column("search_text", sa.Text),
    sa.column("description_key", sa.Text),
)
TAGS = sa.table(
    "tags",
    sa.column("space_id", Id),
    sa.column("id", Id),
    sa.column("name", sa.Text),
    sa.column("name_key", PlainOrder),
    sa.column("version", sa.Integer),
    sa.column("created_at", Moment),
)
# As domain/characters.py had them when this was written.
SEQUENCES = str.maketrans("", "", "\u200c\u200d\ufe0e\ufe0f")
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)

MISPLACED = re.compile(
    "(?:^|[\\s\u2800\u200c\u200d])[\u200c\u200d\ufe0e\ufe0f]"
    "|[\ufe0e\ufe0f][\ufe0e\ufe0f]"
    "|[\u200c\u200d](?:\\Z|[\\s\u2800])"
)


def upgrade() -> None:
    """Write the names and keys anew, and the text that is searched."""
    op.execute("ALTER TABLE tasks RENAME COLUMN description_key TO search_text")
    op.drop_index(UNIQUE, "tags")
    _hold_policies("NO FORCE")
    renamed = _rename_tags(op.get_bind())
    _rewrite_tasks(op.get_bind(), lambda task: _new_values(task, renamed))
    _hold_policies("FORCE")
    op.create_index(UNIQUE, "tags", ["space_id", "name_key"], unique=True)


def downgrade() -> None:
    """Write the former keys. Names stay as they are, and so does what was merged."""
    op.execute("ALTER TABLE tasks RENAME COLUMN search_text TO description_key")
    op.drop_index(UNIQUE, "tags")
    _hold_policies("NO FORCE")
    for tag in _each(op.get_bind(), TAGS, TAGS.c.id):
        _change(op.get_bind(), TAGS, tag, name_key=_former_key(tag.name))
    _rewrite_tasks(op.get_bind(), _former_values)
    _hold_policies("FORCE")
    op.create_index(UNIQUE, "tags", ["space_id", "name_key"], unique=True)


def _hold_policies(force: str) -> None:
    """The owner of the tables is held by the policies, too, as long as they are forced."""
    if op.get_context().dialect.name == "postgresql":
        for table in ("tasks", "tags"):
            op.execute(f"ALTER TABLE {table} {force} ROW LEVEL SECURITY")


def _each(connection: sa.Connection, table: sa.TableClause, *order: sa.ColumnClause[Any]) -> Iterator[Any]:
    """Every row by space and then in this order, read in batches by their place in it."""
    by = (table.c.space_id, *order)
    statement = sa.select(table).order_by(*by).limit(AT_ONCE)
    rows = connection.execute(statement).all()
    while rows:
        yield from rows
        last = [sa.literal(getattr(rows[-1], column.name), column.type) for column in by]
        rows = connection.execute(statement.where(sa.tuple_(*by) > sa.tuple_(*last))).all()


def _change(connection: sa.Connection, table: sa.TableClause, row: Any, **values: Any) -> None:
    this = (table.c.space_id == row.space_id, table.c.id == row.id)
    connection.execute(sa.update(table).where(*this).values(values))


def _rename_tags(connection: sa.Connection) -> dict[tuple[Any, str], str]:
    """Give each tag its name and key, and remove those that are another one now. The names that changed, by space."""
    renamed: dict[tuple[Any, str], str] = {}
    there: dict[str, str] = {}
    space_id = None
    for tag in _each(connection, TAGS, TAGS.c.created_at, TAGS.c.id):
        if tag.space_id != space_id:
            space_id, there = tag.space_id, {}
        name = _new_name(tag.name) or f"tag {tag.id.hex[-8:]}"
        key = _new_key(name)
        if key in there:
            this = (TAGS.c.space_id == tag.space_id, TAGS.c.id == tag.id)
            connection.execute(sa.delete(TAGS).where(*this))
        elif (name, key) != (tag.name, tag.name_key):
            version = tag.version + (name != tag.name)
            _change(connection, TAGS, tag, name=name, name_key=key, version=version)
        if there.setdefault(key, name) != tag.name:
            renamed[tag.space_id, tag.name] = there[key]
    return renamed


def _new_values(task: Any, renamed: dict[tuple[Any, str], str]) -> dict[str, Any]:
    names = {_new_key(name): name for name in (renamed.get((task.space_id, name), name) for name in task.tags)}
    description = "" if not task.description else f"\uffff{_folded(task.description)}"
    return {
        "tags": list(names.values()),
        "tag_keys": list(names),
        # What clients remember of it is out of date where its tags are called otherwise.
        "version": task.version + (list(names.values()) != list(task.tags)),
        "search_text": f"{_folded(task.title)}{description}",
    }


def _former_values(task: Any) -> dict[str, Any]:
    return {
        "tag_keys": [_former_key(name) for name in task.tags],
        "description_key": None if task.description is None else task.description.casefold(),
    }


def _rewrite_tasks(connection: sa.Connection, new: Callable[[Any], dict[str, Any]]) -> None:
    """Write what follows from each task, a batch at a time."""
    changes: list[dict[str, Any]] = []
    readable = _readable()
    for task in _each(connection, readable, readable.c.id):
        values = {f"new_{name}": value for name, value in new(task).items()}
        changes.append({"in_space": task.space_id, "with_id": task.id} | values)
        if len(changes) == AT_ONCE:
            _write(connection, changes)
            changes = []
    _write(connection, changes)


def _readable() -> sa.TableClause:
    """The columns that there are before and after."""
    there = (column for column in TASKS.c if column.name not in {"search_text", "description_key"})
    return sa.table("tasks", *(sa.column(column.name, column.type) for column in there))


def _write(connection: sa.Connection, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    new = {name.removeprefix("new_"): name for name in changes[0] if name.startswith("new_")}
    connection.execute(
        sa.update(TASKS)
        .where(TASKS.c.space_id == sa.bindparam("in_space"), TASKS.c.id == sa.bindparam("with_id"))
        .values({name: sa.bindparam(parameter, type_=TASKS.c[name].type) for name, parameter in new.items()}),
        changes,
    )


def _new_name(name: str) -> str:
    """The name without what cannot be seen, and with single blanks; nothing where nothing is left."""
    is_refused = UNSEEN.search(name.translate(SEQUENCES)) or MISPLACED.search(name)
    kept = " ".join((UNSEEN.sub("", name) if is_refused else name).split())
    kept = unicodedata.normalize("NFC", kept)
    return kept if kept.translate(SEQUENCES).replace("\u2800", "").strip() else ""


def _new_key(name: str) -> str:
    return unicodedata.normalize("NFC", name.translate(SEQUENCES).casefold())


def _former_key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", chr(code)).casefold())
        self[code] = folded = "".join(part for part in decomposed if not unicodedata.combining(part))
        return folded


FOLDING = _Folding({0xFFFF: ""})


def _folded(text: str) -> str:
    return text.translate(FOLDING)
