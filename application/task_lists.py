"""What people see of the tasks of a space: lists of them, a stretch at a time, and what is in the trash.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.spaces import OpenSpace
from application.ports.tasks import TaskPage, TaskQuery
from domain.access import Access, Actor, Permission
from domain.due import DueIn
from domain.ids import TaskId, read_id
from domain.task import Task
from domain.task_order import Place


@dataclass(frozen=True, slots=True)
class TaskList:
    """A stretch of the tasks found, how many there are where that was counted, and the cursor to the next stretch."""

    items: Sequence[Task]
    total: int | None
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ListTasks:
    """List the tasks of a space that fit every filter. Every member may. Raises CursorRefused.

    With a cursor, be it the empty one for the beginning, they are not counted.
    """

    open_space: OpenSpace
    clock: Clock
    cursors: Cursors

    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        query: TaskQuery,
        *,
        due: DueIn | None = None,
        cursor: str | None = None,
    ) -> TaskList:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            bound_to = _binding(space.access, query, due)
            wanted = self._due(query, due)
            if cursor is None:
                return self._page(await space.tasks.find(wanted), wanted, bound_to)
            wanted = replace(wanted, after=self._place(cursor, bound_to), limit=query.limit + 1, is_counted=False)
            found = await space.tasks.find(wanted)
        items = found.items[: query.limit]
        return TaskList(items, None, self._cursor(items, query, bound_to) if len(found.items) > query.limit else None)

    def _due(self, query: TaskQuery, due: DueIn | None) -> TaskQuery:
        """The query with what "overdue", "today" and "this week" mean right now."""
        if due is None:
            return query
        return replace(query, due=query.due.within(due.span(self.clock())), is_unfinished=due.is_overdue)

    def _page(self, found: TaskPage, query: TaskQuery, bound_to: str) -> TaskList:
        more = bool(found.items) and query.skip + len(found.items) < (found.total or 0)
        return TaskList(found.items, found.total, self._cursor(found.items, query, bound_to) if more else None)

    def _cursor(self, items: Sequence[Task], query: TaskQuery, bound_to: str) -> str:
        """The cursor that leads on from the last of these."""
        place = query.sort.place(items[-1])
        return self.cursors.write(json.dumps([place.key, str(place.id)], ensure_ascii=False), bound_to=bound_to)

    def _place(self, cursor: str, bound_to: str) -> Place | None:
        """Where the cursor leads on from; nowhere, for the empty one."""
        if not cursor:
            return None
        key, task_id = json.loads(self.cursors.read(cursor, bound_to=bound_to))
        return Place(key, TaskId(read_id(task_id)))


@dataclass(frozen=True, slots=True)
class ListTrash:
    """List the tasks in the trash of a space, the last deleted first. Every member may."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, *, skip: int, limit: int) -> TaskPage:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            return await space.tasks.trash(skip=skip, limit=limit)


_STRETCH = frozenset({"skip", "limit", "after", "is_counted"})


def _binding(access: Access, query: TaskQuery, due: DueIn | None) -> str:
    """What a cursor is good for: this person's look at this space, with these filters, in this order."""
    asked = {part.name: _said(getattr(query, part.name)) for part in fields(query) if part.name not in _STRETCH}
    when = None if due is None else [due.due, str(due.zone)]
    return json.dumps(["tasks", str(access.user_id), str(access.space_id), asked, when])


def _said(value: object) -> object:
    """A part of a query as text that is the same in every process; sets have no order of their own."""
    return sorted(value) if isinstance(value, frozenset) else str(value)
