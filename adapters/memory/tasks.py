"""The tasks of one space, in memory."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.owned import page_of
from adapters.memory.store import Contents
from application.ports.paging import Page, Stretch
from application.ports.tasks import FIRST, TaskFilters, TaskQuery
from domain.due import ALWAYS, Span
from domain.errors import StaleVersion, TaskNotFound
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName
from domain.task import UNFINISHED, Task
from domain.task_order import place_in_trash
from domain.time import not_before


class MemoryTasks:
    """The tasks of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._tasks = contents.tasks
        self._space_id = space_id

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        self._tasks[self._space_id, task.id] = task

    async def get(self, task_id: TaskId) -> Task:
        """The task."""
        task = self._tasks.get((self._space_id, task_id))
        if task is None or task.deleted_at is not None:
            raise TaskNotFound
        return task

    async def save(self, task: Task, *, was: Task) -> None:
        """Replace the task if it is still the one read."""
        if task == was:
            return
        kept = self._tasks.get((self._space_id, was.id))
        if kept is None or kept.version != was.version:
            raise StaleVersion
        self._tasks[self._space_id, was.id] = task

    async def add_all(self, tasks: Sequence[Task]) -> None:
        """Keep many new tasks."""
        for task in tasks:
            await self.add(task)

    async def get_all(self, task_ids: Collection[TaskId]) -> Sequence[Task]:
        """Those that there are."""
        found = (self._tasks.get((self._space_id, task_id)) for task_id in sorted(task_ids))
        return [task for task in found if task is not None and task.deleted_at is None]

    async def save_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        """Replace many tasks."""
        for task, was in changes:
            await self.save(task, was=was)

    async def trashed(self, task_id: TaskId) -> Task:
        """A task in the trash."""
        task = self._tasks.get((self._space_id, task_id))
        if task is None or task.deleted_at is None:
            raise TaskNotFound
        return task

    async def purge(self, task: Task) -> None:
        """Remove a task if it is still the one read."""
        kept = self._tasks.get((self._space_id, task.id))
        if kept is None or kept.version != task.version:
            raise StaleVersion
        del self._tasks[self._space_id, task.id]

    async def empty_trash(self, *, limit: int, after: TaskId = FIRST) -> Sequence[TaskId]:
        """Remove what is in the trash."""
        purged = _behind(after, (task for task in self._all() if task.deleted_at is not None))[:limit]
        return self._remove_all(purged)

    async def purge_deleted(self, *, by: datetime, limit: int) -> int:
        """Remove what was in the trash by then."""
        purged = [task for task in self._all() if task.deleted_at is not None and task.deleted_at <= by][:limit]
        return len(self._remove_all(purged))

    def _remove_all(self, tasks: Sequence[Task]) -> Sequence[TaskId]:
        for task in tasks:
            del self._tasks[self._space_id, task.id]
        return [task.id for task in tasks]

    async def delete_found(
        self, filters: TaskFilters, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Move what fits to the trash."""
        fitting = (task for task in self._all() if task.deleted_at is None and _fits(task, filters))
        found = _behind(after, fitting)[:limit]
        for task in found:
            moment = not_before(task.updated_at, at)
            deleted = replace(task, deleted_at=moment, version=task.version + 1, updated_at=moment)
            self._tasks[self._space_id, task.id] = deleted
        return [task.id for task in found]

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        """Take tasks from this person."""
        found = [task for task in self._all() if task.assignee_id == user_id][:limit]
        for task in found:
            moment = not_before(task.updated_at, at)
            unassigned = replace(task, assignee_id=None, version=task.version + 1, updated_at=moment)
            self._tasks[self._space_id, task.id] = unassigned
        return [task.id for task in found]

    async def retag(
        self, was: TagName, now: TagName | None, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Rename a tag on tasks, or take it off."""
        found = _behind(after, (task for task in self._all() if was in task.tags))[:limit]
        for task in found:
            exchanged = (now if tag == was else tag for tag in task.tags)
            kept = tuple(tag for tag in exchanged if tag is not None)
            moment = not_before(task.updated_at, at)
            retagged = replace(task, tags=kept, version=task.version + 1, updated_at=moment)
            self._tasks[self._space_id, task.id] = retagged
        return [task.id for task in found]

    async def find(self, query: TaskQuery) -> Page[Task]:
        """The page, and the total where it was asked for."""
        found = (task for task in self._all() if task.deleted_at is None and _fits(task, query))
        return page_of(found, query, query.sort.place, descending=query.sort.descending)

    async def trash(self, stretch: Stretch) -> Page[Task]:
        """What is in the trash."""
        deleted = (task for task in self._all() if task.deleted_at is not None)
        return page_of(deleted, stretch, place_in_trash, descending=True)

    def _all(self) -> Iterator[Task]:
        return (task for (space_id, _), task in self._tasks.items() if space_id == self._space_id)


def _behind(after: TaskId, tasks: Iterable[Task]) -> list[Task]:
    """Those whose ids come behind one, by id."""
    return sorted((task for task in tasks if task.id > after), key=lambda task: task.id)


def _fits(task: Task, query: TaskFilters) -> bool:
    """Whether it fits every filter."""
    return (
        (not query.statuses or task.status in query.statuses)
        and (not query.is_unfinished or task.status in UNFINISHED)
        and (not query.priorities or task.priority in query.priorities)
        and (not query.tags or not query.tags.isdisjoint(tag.key for tag in task.tags))
        and query.assignee_id in {None, task.assignee_id}
        and _is_due(task, query.due)
        and (query.text is None or _holds(task, query.text))
    )


def _is_due(task: Task, span: Span) -> bool:
    if task.due_date is None:
        return span == ALWAYS
    is_late_enough = span.after is None or task.due_date > span.after
    return is_late_enough and (span.before is None or task.due_date < span.before)


def _holds(task: Task, text: str) -> bool:
    return text in task.search_text
