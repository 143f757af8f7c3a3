"""The tasks of one space, on SQL databases. Every statement here names the space."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, bindparam, delete, insert, null, select, update

from adapters.sql.connection import Connection, ConstraintViolated, Reading
from adapters.sql.owned import as_kept, held, in_this_space
from adapters.sql.query import Query, Row
from adapters.sql.tables import IN_TRASH, IN_USE, tasks
from adapters.sql.task_lists import COLUMNS, delete_found, find_deleted, find_tasks
from adapters.sql.types import Id, Moment, exchanged, holds, is_any_id_of, later_of, without
from application.pausing import in_parts
from application.ports.paging import Page, Stretch
from application.ports.tasks import FIRST, TaskFilters, TaskQuery
from domain.errors import SpaceForbidden, StaleVersion, TaskNotFound
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskStatus, Title
from domain.task_order import due_key

_CHANGEABLE: Final = tuple(c.name for c in tasks.c if c.name not in {"space_id", "id", "created_by", "created_at"})
_IN_THIS_SPACE: Final = in_this_space(tasks)
_THIS_TASK: Final = (_IN_THIS_SPACE, tasks.c.id == bindparam("id"))


_ADD: Final = Query(insert(tasks))
_GET: Final = Reading(select(*COLUMNS).where(*_THIS_TASK, IN_USE))
_GET_TRASHED: Final = Reading(select(*COLUMNS).where(*_THIS_TASK, ~IN_USE))
_GET_ALL: Final = Reading(
    select(*COLUMNS).where(_IN_THIS_SPACE, is_any_id_of(tasks.c.id, "ids"), IN_USE).order_by(tasks.c.id)
)
_LIMIT: Final = bindparam("limit", type_=Integer)
_BEHIND: Final = tasks.c.id > bindparam("after", type_=Id)


def _some(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition for some of the tasks that meet others, by id. They are locked in that order, as everywhere."""
    found = select(tasks.c.id).where(_IN_THIS_SPACE, *conditions).order_by(tasks.c.id).limit(_LIMIT)
    return and_(_IN_THIS_SPACE, tasks.c.id.in_(held(found)))


_EMPTY_TRASH: Final = Query(delete(tasks).where(_some(_BEHIND, IN_TRASH)).returning(tasks.c.id), is_slow=True)
# In the order of the index of the trash, and without waiting for anybody: so it need not be the order of the ids.
_DELETED: Final = (
    select(tasks.c.id)
    .where(_IN_THIS_SPACE, IN_TRASH, tasks.c.deleted_at <= bindparam("by", type_=Moment))
    .order_by(tasks.c.deleted_at, tasks.c.id)
    .limit(_LIMIT)
)
_PURGE_DELETED: Final = Query(
    delete(tasks).where(_IN_THIS_SPACE, tasks.c.id.in_(held(_DELETED, skip_locked=True))).returning(tasks.c.id),
    is_slow=True,
)
_REMOVE: Final = Query(delete(tasks).where(*_THIS_TASK, tasks.c.version == bindparam("version_read")))
_UNASSIGN: Final = Query(
    update(tasks)
    .where(_some(tasks.c.assignee_id == bindparam("user_id")))
    .values(assignee_id=null(), version=tasks.c.version + 1, updated_at=later_of(tasks.c.updated_at, "at"))
    .returning(tasks.c.id),
    is_slow=True,
)
# What every tag that is renamed or removed does to some of its tasks, in one statement.
_TAGGED: Final = (
    update(tasks)
    .where(_some(_BEHIND, holds(tasks.c.tags, "was")))
    .values(version=tasks.c.version + 1, updated_at=later_of(tasks.c.updated_at, "at"))
    .returning(tasks.c.id)
)
_RENAME_TAG: Final = Query(
    _TAGGED.values(
        tags=exchanged(tasks.c.tags, "was", "now"), tag_keys=exchanged(tasks.c.tag_keys, "was_key", "now_key")
    ),
    is_slow=True,
)
_TAKE_TAG_OFF: Final = Query(
    _TAGGED.values(tags=without(tasks.c.tags, "was"), tag_keys=without(tasks.c.tag_keys, "was_key")), is_slow=True
)
_SAVE: Final = Query(
    update(tasks)
    .where(*_THIS_TASK, tasks.c.version == bindparam("version_read"))
    .values({name: bindparam(f"new_{name}", type_=tasks.c[name].type) for name in _CHANGEABLE})
)


_FIELDS: Final = tuple(column.name for column in COLUMNS)
_VALUES: Final = attrgetter(*_FIELDS)
_STATUSES: Final = {str(status): status for status in TaskStatus}
_PRIORITIES: Final = {str(priority): priority for priority in Priority}


def _from_row(row: Row) -> Task:
    (
        space_id, id_, title, description, status, priority, due_date, tags, assignee_id,
        created_by, completed_at, version, created_at, updated_at, deleted_at,
    ) = row  # fmt: skip
    return Task(
        id=id_,
        space_id=space_id,
        title=as_kept(Title, title),
        description=None if description is None else as_kept(Description, description),
        status=_STATUSES[status],
        priority=_PRIORITIES[priority],
        due_date=_aware(due_date),
        tags=tuple(as_kept(TagName, tag) for tag in tags),
        assignee_id=assignee_id,
        created_by=created_by,
        completed_at=completed_at,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        deleted_at=deleted_at,
    )


def _aware(moment: datetime | None) -> datetime | None:
    """Asyncpg takes the first and the last moment there is for PostgreSQL's infinities and returns them naive."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _to_row(task: Task) -> dict[str, Any]:
    """Every column; values that a task does not have follow from those that it has."""
    return {
        **dict(zip(_FIELDS, _VALUES(task), strict=True)),
        "title_key": task.title.key,
        "tag_keys": [tag.key for tag in task.tags],
        "priority_rank": task.priority.rank,
        "due_ascending": due_key(task.due_date, descending=False),
        "due_descending": due_key(task.due_date, descending=True),
        "search_text": task.search_text,
    }


def _change(space_id: SpaceId, task: Task, was: Task) -> dict[str, Any]:
    """What ``_SAVE`` needs."""
    row = _to_row(task)
    new = {f"new_{name}": row[name] for name in _CHANGEABLE}
    return {"space_id": space_id, "id": was.id, "version_read": was.version} | new


def _translated(violated: ConstraintViolated) -> Exception:
    """What it means that the space went away while the task was being written."""
    return SpaceForbidden() if violated.name == "tasks_space_id_fkey" else violated


class SqlTasks:
    """The tasks of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        await self._connection.execute_soon(_ADD, _translated, **_to_row(task) | {"space_id": self._space_id})

    async def get(self, task_id: TaskId) -> Task:
        """The task, locked where the space was opened for writing."""
        row = await _GET.one(self._connection, space_id=self._space_id, id=task_id)
        if row is None:
            raise TaskNotFound
        return _from_row(row)

    async def save(self, task: Task, *, was: Task) -> None:
        """Replace the task if its version is still the one read."""
        if task == was:
            return
        try:
            changed = await self._connection.execute(_SAVE, **_change(self._space_id, task, was))
        except ConstraintViolated as violated:
            raise _translated(violated) from violated
        if not changed:
            raise StaleVersion

    async def add_all(self, tasks: Sequence[Task]) -> None:
        """Keep many new tasks."""
        rows = await in_parts(lambda task: _to_row(task) | {"space_id": self._space_id}, tasks)
        try:
            await self._connection.execute_many(_ADD, rows)
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

    async def get_all(self, task_ids: Collection[TaskId]) -> Sequence[Task]:
        """Those that there are, locked where the space was opened for writing."""
        rows = await _GET_ALL.all(self._connection, space_id=self._space_id, ids=sorted(task_ids))
        return await in_parts(_from_row, rows)

    async def save_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        """Replace many tasks; nobody can have changed them since they were read in this transaction."""
        changed = [change for change in changes if change[0] != change[1]]
        rows = await in_parts(lambda change: _change(self._space_id, *change), changed)
        try:
            await self._connection.execute_many(_SAVE, rows)
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

    async def trashed(self, task_id: TaskId) -> Task:
        """A task in the trash, locked where the space was opened for writing."""
        row = await _GET_TRASHED.one(self._connection, space_id=self._space_id, id=task_id)
        if row is None:
            raise TaskNotFound
        return _from_row(row)

    async def purge(self, task: Task) -> None:
        """Remove a task for good if its version is still the one read."""
        await self.remove(task)

    async def empty_trash(self, *, limit: int, after: TaskId = FIRST) -> Sequence[TaskId]:
        """Remove what is in the trash, in one statement."""
        some = {"after": after, "limit": limit}
        rows = await self._connection.execute_returning(_EMPTY_TRASH, space_id=self._space_id, **some)
        return sorted(TaskId(row[0]) for row in rows)

    async def purge_deleted(self, *, by: datetime, limit: int) -> int:
        """Remove what was in the trash by then, in one statement."""
        some = {"by": by, "limit": limit}
        return len(await self._connection.execute_returning(_PURGE_DELETED, space_id=self._space_id, **some))

    async def remove(self, task: Task) -> None:
        """Take a task out of the space if its version is still the one read; it goes to another one."""
        gone = await self._connection.execute(_REMOVE, space_id=self._space_id, id=task.id, version_read=task.version)
        if not gone:
            raise StaleVersion

    async def delete_found(
        self, filters: TaskFilters, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Move what fits to the trash, in one statement."""
        some = {"at": at, "limit": limit, "after": after}
        rows = await delete_found(self._connection, filters, space_id=self._space_id, **some)
        return sorted(TaskId(row[0]) for row in rows)

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        """Take tasks from this person, in one statement."""
        some = {"user_id": user_id, "at": at, "limit": limit}
        rows = await self._connection.execute_returning(_UNASSIGN, space_id=self._space_id, **some)
        return [TaskId(row[0]) for row in rows]

    async def retag(
        self, was: TagName, now: TagName | None, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Rename a tag on tasks, or take it off, in one statement."""
        values: dict[str, Any] = {"space_id": self._space_id, "was": was, "was_key": was.key}
        values |= {"at": at, "limit": limit, "after": after}
        if now is not None:
            values |= {"now": now, "now_key": now.key}
        rows = await self._connection.execute_returning(_TAKE_TAG_OFF if now is None else _RENAME_TAG, **values)
        return sorted(TaskId(row[0]) for row in rows)

    async def find(self, query: TaskQuery) -> Page[Task]:
        """The stretch, and the total where it is asked, in one statement."""
        rows, total = await find_tasks(self._connection, query, space_id=self._space_id)
        return Page([_from_row(row) for row in rows], total)

    async def trash(self, stretch: Stretch) -> Page[Task]:
        """What is in the trash, and how much where that is asked, in one statement."""
        rows, total = await find_deleted(self._connection, stretch, space_id=self._space_id)
        return Page([_from_row(row) for row in rows], total)
