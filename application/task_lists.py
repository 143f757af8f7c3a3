"""What people see of the tasks of a space: lists of them, a stretch at a time, and what is in the trash.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from dataclasses import dataclass, fields

from application.listing import Bookmarks, Listing, bound, list_stretch
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.paging import Stretch
from application.ports.spaces import OpenSpace
from application.ports.tasks import TaskFilters, TaskQuery
from application.retrying import retried
from domain.access import Actor, Permission
from domain.due import DueIn
from domain.task import Task
from domain.task_order import place_in_trash


@retried
@dataclass(frozen=True, slots=True)
class ListTasks:
    """List the tasks of a space that fit every filter. Every member may. Raises CursorRefused.

    With a cursor, be it the empty one for the beginning, they are not counted. ``due`` is seen from the moment of the
    first stretch, which the cursor carries.
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
    ) -> Listing[Task]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            bookmarks = Bookmarks(
                self.cursors, bound(actor.user_id, space.access.space_id, "tasks", *_said(query, due)), query.sort.place
            )
            now = self.clock()
            if due is not None:
                bookmarks = bookmarks.begun(cursor, now)
            wanted = query.narrowed(due, bookmarks.began_at or now)
            return await list_stretch(space.tasks.find, wanted, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class ListTrash:
    """List the tasks in the trash of a space, the last deleted first. Every member may. Raises CursorRefused."""

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str | None, stretch: Stretch, *, cursor: str | None = None
    ) -> Listing[Task]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "trash"), place_in_trash)
            return await list_stretch(space.tasks.trash, stretch, cursor, bookmarks)


def _said(query: TaskQuery, due: DueIn | None) -> list[object]:
    """What is asked for, the stretch aside, as text that is the same in every process: sets have no order."""
    filters = (getattr(query, part.name) for part in fields(TaskFilters))
    said = [sorted(value) if isinstance(value, frozenset) else str(value) for value in filters]
    return [said, str(query.sort), None if due is None else [due.due, str(due.zone)]]
