"""The tasks of one space, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import Contents
from application.ports.tasks import TaskPage, TaskQuery
from domain.errors import StaleVersion, TaskNotFound
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName
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

    async def unassign(self, user_id: UserId, *, at: datetime) -> Sequence[TaskId]:
        """Take every task from this person."""
        found: list[TaskId] = []
        for (space_id, task_id), task in list(self._tasks.items()):
            if space_id == self._space_id and task.assignee_id == user_id:
                unassigned = replace(task, assignee_id=None, version=task.version + 1, updated_at=at)
                self._tasks[space_id, task_id] = unassigned
                found.append(task_id)
        return found

    async def retag(self, was: TagName, now: TagName | None, *, at: datetime) -> Sequence[TaskId]:
        """Rename a tag on every task, or take it off."""
        found = [task for (space_id, _), task in self._tasks.items() if space_id == self._space_id and was in task.tags]
        for task in found:
            exchanged = (now if tag == was else tag for tag in task.tags)
            kept = tuple(tag for tag in exchanged if tag is not None)
            self._tasks[self._space_id, task.id] = replace(task, tags=kept, version=task.version + 1, updated_at=at)
        return [task.id for task in found]

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
