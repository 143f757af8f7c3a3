"""The tasks of one space, on SQL databases. Every statement here names the space."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Integer, bindparam, delete, func, insert, null, select, true, update

from adapters.sql.connection import Connection, ConstraintViolated, Reading
from adapters.sql.query import Query, Row
from adapters.sql.tables import IN_USE, tasks
from adapters.sql.types import exchanged, holds, is_any_of, without
from application.ports.tasks import TaskPage, TaskQuery
from domain.errors import InvalidValue, SpaceForbidden, StaleVersion, TaskNotFound
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskStatus, Title

Kept = TypeVar("Kept", bound=str)

_COLUMNS: Final = tuple(tasks.c)
_CHANGEABLE: Final = tuple(c.name for c in tasks.c if c.name not in {"space_id", "id", "created_by", "created_at"})
_IN_THIS_SPACE: Final = tasks.c.space_id == bindparam("space_id")
_THIS_TASK: Final = (_IN_THIS_SPACE, tasks.c.id == bindparam("id"))


_ADD: Final = Query(insert(tasks))
_GET: Final = Reading(select(*_COLUMNS).where(*_THIS_TASK, IN_USE))
_REMOVE: Final = Query(delete(tasks).where(*_THIS_TASK, tasks.c.version == bindparam("version_read")))
_UNASSIGN: Final = Query(
    update(tasks)
    .where(_IN_THIS_SPACE, tasks.c.assignee_id == bindparam("user_id"))
    .values(assignee_id=null(), version=tasks.c.version + 1, updated_at=bindparam("at"))
    .returning(tasks.c.id)
)
# What every tag that is renamed or removed does to its tasks, in one statement.
_TAGGED: Final = (
    update(tasks)
    .where(_IN_THIS_SPACE, holds(tasks.c.tags, "was"))
    .values(version=tasks.c.version + 1, updated_at=bindparam("at"))
    .returning(tasks.c.id)
)
_RENAME_TAG: Final = Query(_TAGGED.values(tags=exchanged(tasks.c.tags, "was", "now")))
_TAKE_TAG_OFF: Final = Query(_TAGGED.values(tags=without(tasks.c.tags, "was")))
_SAVE: Final = Query(
    update(tasks)
    .where(*_THIS_TASK, tasks.c.version == bindparam("version_read"))
    .values({name: bindparam(f"new_{name}", type_=tasks.c[name].type) for name in _CHANGEABLE})
)


@cache
def _find(*, by_status: bool) -> Query:
    """The statement for one shape of query: a row with the total, and the page beside it."""
    wanted: list[ColumnElement[bool]] = [_IN_THIS_SPACE, IN_USE]
    if by_status:
        wanted.append(is_any_of(tasks.c.status, "statuses"))
    total = select(func.count().label("total")).select_from(tasks).where(*wanted).subquery()
    page = (
        select(*_COLUMNS)
        .where(*wanted)
        .order_by(tasks.c.created_at.desc(), tasks.c.id.desc())
        .offset(bindparam("skip", type_=Integer))
        .limit(bindparam("limit", type_=Integer))
        .subquery()
    )
    return Query(
        select(total.c.total, *page.c)
        .select_from(total.outerjoin(page, true()))
        .order_by(page.c.created_at.desc(), page.c.id.desc())
    )


_STATUSES: Final = {str(status): status for status in TaskStatus}
_PRIORITIES: Final = {str(priority): priority for priority in Priority}


def _as_kept(kind: type[Kept], text: str) -> Kept:
    """A value object whose text was checked when it was written; the next list need not check it again."""
    return str.__new__(kind, text)


def _from_row(row: Row) -> Task:
    (
        space_id, id_, title, description, status, priority, due_date, tags, assignee_id,
        created_by, completed_at, version, created_at, updated_at, deleted_at,
    ) = row  # fmt: skip
    return Task(
        id=id_,
        space_id=space_id,
        title=_as_kept(Title, title),
        description=None if description is None else _as_kept(Description, description),
        status=_STATUSES[status],
        priority=_PRIORITIES[priority],
        due_date=_aware(due_date),
        tags=tuple(_as_kept(TagName, tag) for tag in tags),
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
    return {column.name: getattr(task, column.name) for column in _COLUMNS}


def _translated(violated: ConstraintViolated) -> Exception:
    """What it means that the space, or the assignee's membership, went away while the task was being written."""
    if violated.name == "tasks_space_id_fkey":
        return SpaceForbidden()
    if violated.name == "tasks_space_id_assignee_id_fkey":
        return InvalidValue("not_a_member", "The assignee must be a member of this space.", field="assignee_id")
    return violated


class SqlTasks:
    """The tasks of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        try:
            await self._connection.execute(_ADD, **_to_row(task) | {"space_id": self._space_id})
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

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
        new = {f"new_{name}": getattr(task, name) for name in _CHANGEABLE}
        try:
            changed = await self._connection.execute(
                _SAVE, space_id=self._space_id, id=was.id, version_read=was.version, **new
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated
        if not changed:
            raise StaleVersion

    async def remove(self, task: Task) -> None:
        """Take a task out of the space if its version is still the one read; it goes to another one."""
        gone = await self._connection.execute(_REMOVE, space_id=self._space_id, id=task.id, version_read=task.version)
        if not gone:
            raise StaleVersion

    async def unassign(self, user_id: UserId, *, at: datetime) -> Sequence[TaskId]:
        """Take every task from this person."""
        rows = await self._connection.execute_returning(_UNASSIGN, space_id=self._space_id, user_id=user_id, at=at)
        return [TaskId(row[0]) for row in rows]

    async def retag(self, was: TagName, now: TagName | None, *, at: datetime) -> Sequence[TaskId]:
        """Rename a tag on every task, or take it off."""
        values = {"space_id": self._space_id, "was": was, "now": now, "at": at}
        rows = await self._connection.execute_returning(_TAKE_TAG_OFF if now is None else _RENAME_TAG, **values)
        return [TaskId(row[0]) for row in rows]

    async def find(self, query: TaskQuery) -> TaskPage:
        """The page and the total, in one statement."""
        rows = await self._connection.fetch_all(
            _find(by_status=bool(query.statuses)),
            space_id=self._space_id,
            statuses=sorted(query.statuses),
            skip=query.skip,
            limit=query.limit,
        )
        total = rows[0][0]
        return TaskPage([_from_row(row[1:]) for row in rows if row[1] is not None], total)
