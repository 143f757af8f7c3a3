"""Where the tasks of one space are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import TaskId, UserId
from domain.tag import TagName
from domain.task import Task, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks are wanted: any of ``statuses`` (none given: all), newest first, ``limit`` after ``skip``."""

    statuses: frozenset[TaskStatus] = frozenset()
    skip: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A stretch of the tasks found, and how many there are in all."""

    items: Sequence[Task]
    total: int


class Tasks(Protocol):
    """The tasks of the space they were reached through. Those in the trash are not found."""

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        ...

    async def get(self, task_id: TaskId) -> Task:
        """The task. In a space opened for writing nobody else changes it until the space closes.

        Raises TaskNotFound.
        """
        ...

    async def save(self, task: Task, *, was: Task) -> None:
        """Replace ``was``, as it was read, by ``task``. Raises StaleVersion if it has changed since."""
        ...

    async def unassign(self, user_id: UserId, *, at: datetime) -> Sequence[TaskId]:
        """Take every task from this person, those in the trash too; each gets its next version. Tells which."""
        ...

    async def retag(self, was: TagName, now: TagName | None, *, at: datetime) -> Sequence[TaskId]:
        """Put one name in the place of another on every task, those in the trash too, or take it off; tells which.

        Each gets its next version.
        """
        ...

    async def find(self, query: TaskQuery) -> TaskPage:
        """Those that ``query`` asks for; the same creation time is ordered by id."""
        ...
