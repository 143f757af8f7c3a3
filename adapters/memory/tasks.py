"""The tasks of one space, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import Contents
from application.ports.tasks import TaskPage, TaskQuery
from domain.errors import StaleVersion, TaskNotFound
from domain.ids import SpaceId, TaskId, UserId
from domain.task import Task


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

    async def empty_trash(self) -> Sequence[TaskId]:
        """Remove everything in the trash."""
        purged = [
            task_id
            for (space_id, task_id), task in self._tasks.items()
            if space_id == self._space_id and task.deleted_at is not None
        ]
        for task_id in purged:
            del self._tasks[self._space_id, task_id]
        return purged

    async def unassign(self, user_id: UserId, *, at: datetime) -> Sequence[TaskId]:
        """Take every task from this person."""
        found: list[TaskId] = []
        for (space_id, task_id), task in list(self._tasks.items()):
            if space_id == self._space_id and task.assignee_id == user_id:
                unassigned = replace(task, assignee_id=None, version=task.version + 1, updated_at=at)
                self._tasks[space_id, task_id] = unassigned
                found.append(task_id)
        return found

    async def find(self, query: TaskQuery) -> TaskPage:
        """The page and the total."""
        found = [
            task
            for (space_id, _), task in self._tasks.items()
            if space_id == self._space_id
            and task.deleted_at is None
            and (not query.statuses or task.status in query.statuses)
        ]
        found.sort(key=lambda task: (task.created_at, task.id), reverse=True)
        return TaskPage(found[query.skip : query.skip + query.limit], len(found))
